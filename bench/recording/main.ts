/** Draws a run of the demo for the README. `npm run recording` */
import { writeFileSync } from 'node:fs'
import { hostMachine } from '../outcome/machine.ts'
import { machineLine } from '../report/page.ts'
import { drawing } from './drawing.ts'
import { record } from './record.ts'

const FILE = '.github/demo.svg'
const FLAGS = ['--records', '200000']

const at = new Date().toISOString().slice(0, 10)
const lines = await record(['--', 'dist/main.js', 'demo', ...FLAGS], process.env)
writeFileSync(FILE, drawing(`npm run demo -- ${FLAGS.join(' ')}`, lines, `Recorded on ${at}: ${machineLine(hostMachine())}.`))
process.stdout.write(`wrote ${FILE}\n`)
