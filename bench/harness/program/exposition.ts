/** Reads the samples of a Prometheus text exposition. The key is the name with its labels, as written. */
export function parseExposition (text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const at = line.lastIndexOf('}') + 1 || line.indexOf(' ')
    samples.set(line.slice(0, at), Number(line.slice(at).trim().split(' ')[0]))
  }
  return samples
}
