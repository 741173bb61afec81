import type { Context } from './context.ts'
export async function demo (_context: Context, _command: unknown): Promise<number> { return 1 }
