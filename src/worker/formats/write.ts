import { writeFileSync } from 'node:fs'
import { serialize } from 'node:v8'
import { compile } from './compile.ts'
import { GROUPS } from './table.ts'

/** Run by the build: compiles the formats, so that no thread has to. */
writeFileSync(new URL('./automata.bin', import.meta.url), serialize(compile(GROUPS)))
