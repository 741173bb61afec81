// Formats numbers for people. An unknown value is a dash.

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const one = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

export function count (value) {
  return value >= 100_000 ? short.format(value) : plain.format(value)
}

export function rate (value) {
  return value < 10 ? one.format(value) : count(value)
}

export function bytes (value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const unit = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10))
  const scaled = value / 2 ** (10 * unit)
  return `${scaled < 10 && unit > 0 ? one.format(scaled) : plain.format(scaled)} ${units[unit]}`
}

export function duration (seconds) {
  if (seconds === undefined || seconds === null) return '-'
  if (seconds < 0.01) return `${one.format(seconds * 1000)} ms`
  if (seconds < 1) return `${plain.format(seconds * 1000)} ms`
  if (seconds < 120) return `${one.format(seconds)} s`
  return seconds < 7200 ? `${plain.format(seconds / 60)} min` : `${one.format(seconds / 3600)} h`
}

export function percent (share) {
  return `${plain.format(share * 100)} %`
}
