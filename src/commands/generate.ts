import type { Context } from './context.ts'
export async function generate (_context: Context, _command: unknown): Promise<number> { return 1 }
