import { join } from 'node:path'
import { write } from '../outcome/result-files.ts'
import type { BenchResult } from '../outcome/results.ts'
import { charts } from './charts.ts'
import { resultPage } from './page.ts'

/** Writes README.md and its charts; the files' paths. */
export function writePage (folder: string, result: BenchResult): string[] {
  const files = [['README.md', resultPage(result)], ...charts(result)].map(([name, text]) => [join(folder, name), text])
  for (const [file, text] of files) write(file, text)
  return files.map(([file]) => file)
}
