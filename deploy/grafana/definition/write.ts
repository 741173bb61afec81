import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FOLDER, dashboardFiles } from './all.ts'

for (const [file, text] of dashboardFiles()) writeFileSync(join(FOLDER, file), text)
