/** Keeps the results of the last `npm run test:faults`, for `test/README.md`. `npm run faults:save` */
import { hostMachine } from '../../bench/outcome/machine.ts'
import { presentResults, keepRun } from './results.ts'
import { scenariosInCode } from './scenarios.ts'

const present = presentResults()
const wanted = await scenariosInCode()
const results = wanted.map(({ group, name }) => present.find(result => result.group === group && result.name === name))
const missing = wanted.filter((_, i) => results[i] === undefined)
if (missing.length > 0) {
  process.stderr.write(`Nothing is kept: npm run test:faults has left no result of\n${missing.map(({ group, name }) => `  ${group}: ${name}\n`).join('')}`)
  process.exitCode = 1
} else {
  keepRun({ at: new Date().toISOString(), machine: hostMachine(), results: results.filter(result => result !== undefined) })
}
