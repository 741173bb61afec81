import { barChart } from '../report/bar-chart.ts'
import { figure, short } from '../report/numbers.ts'
import type { InstancesResult } from './results.ts'

/** Draws the CPU a record at the steady load, and the rate at full load, by the number of instances. */
export function instancesChart ({ scale, steadyRate }: InstancesResult): string {
  const steady = scale.filter(({ load }) => load === 'steady')
  const full = scale.filter(({ load }) => load === 'full')
  return barChart({
    title: 'Instances on one address',
    description: 'One worker each; bus, senders, instances and store share the machine; whiskers from the least to the most of the rounds',
    unit: '',
    groupsAre: 'instances',
    series: [{ name: 'CPU of all instances', colour: 'series1' }, { name: 'rate', colour: 'series0' }],
    panels: [
      {
        title: `µs of CPU a record at ${short(steadyRate)} records/s`,
        groups: steady.map(one => ({
          lines: [String(one.instances)],
          bars: [{
            segments: [{ value: one.usPerRecord.median, colour: 'series1' }], spread: one.usPerRecord, label: figure(one.usPerRecord.median)
          }]
        }))
      },
      {
        title: 'records/s, as fast as it goes',
        groups: full.map(one => ({
          lines: [String(one.instances)],
          bars: [{
            segments: [{ value: one.recordsPerSecond.median, colour: 'series0' }],
            spread: one.recordsPerSecond,
            label: short(one.recordsPerSecond.median)
          }]
        }))
      }
    ]
  })
}
