import { variable, type TokenLine } from './pattern-tokens.ts'

/** Lines of one pattern: as many tokens each, of which some differ. */
export interface Cluster {
  tokens: string[]
  write: TokenLine['write']
  /** Lines by the 10 s in which they are, in ms since 1970. */
  counts: Map<number, number>
}

interface Branch {
  branches: Map<string, Branch>
  clusters: Cluster[]
}

const fewestTokens = 4
const mostTokens = 80
const mostDepth = 27
const mostBranches = 15
const leastSimilarity = 0.3
const mostClusters = 300
export const bucketMs = 10_000

/**
 * Finds the patterns of a stream's lines by Drain, a tree with a level for each of the first tokens. A token with a
 * digit is taken for a variable. At the end of its way, a line joins the cluster that is most like it, or begins one.
 */
export class PatternTree {
  /** In the order of their last lines, the longest ago first. */
  readonly clusters = new Set<Cluster>()
  readonly #roots = new Map<number, Branch>()

  add ({ tokens, write }: TokenLine, ms: number): void {
    if (tokens.length < fewestTokens || tokens.length > mostTokens) return
    const way = tokens.slice(0, Math.min(tokens.length - 1, mostDepth))
    const cluster = this.#find(tokens, way) ?? this.#begin(tokens, write, way)
    cluster.tokens = cluster.tokens.map((token, i) => token === tokens[i] ? token : variable)
    const bucket = ms - ms % bucketMs
    cluster.counts.set(bucket, (cluster.counts.get(bucket) ?? 0) + 1)
    this.clusters.delete(cluster)
    this.clusters.add(cluster)
  }

  #find (tokens: readonly string[], way: readonly string[]): Cluster | undefined {
    let branch = this.#roots.get(tokens.length)
    for (const token of way) branch = branch?.branches.get(token) ?? branch?.branches.get(variable)
    let best: Cluster | undefined
    let most: Likeness = { same: leastSimilarity, variables: -1 }
    for (const cluster of branch?.clusters ?? []) {
      if (!this.clusters.has(cluster)) continue
      const likeness = likenessOf(cluster.tokens, tokens)
      if (likeness.same < most.same || (likeness.same === most.same && likeness.variables <= most.variables)) continue
      best = cluster
      most = likeness
    }
    return best
  }

  #begin (tokens: string[], write: TokenLine['write'], way: readonly string[]): Cluster {
    let branch = this.#roots.get(tokens.length)
    if (branch === undefined) this.#roots.set(tokens.length, branch = { branches: new Map(), clusters: [] })
    for (const token of way) {
      const key = branch.branches.has(token) || fits(branch, token) ? token : variable
      let next: Branch | undefined = branch.branches.get(key)
      if (next === undefined) branch.branches.set(key, next = { branches: new Map(), clusters: [] })
      branch = next
    }
    const cluster: Cluster = { tokens, write, counts: new Map() }
    branch.clusters = [...branch.clusters.filter((known) => this.clusters.has(known)), cluster]
    const [oldest] = this.clusters
    if (this.clusters.size >= mostClusters) this.clusters.delete(oldest!)
    return cluster
  }
}

/** Whether a branch takes one more for this token; one place is kept for the variable. */
function fits ({ branches }: Branch, token: string): boolean {
  return !/\p{N}/u.test(token) && branches.size + (branches.has(variable) ? 0 : 1) < mostBranches
}

/** The share of tokens that are the same, and how many are variable already. */
interface Likeness { same: number, variables: number }

function likenessOf (tokens: readonly string[], others: readonly string[]): Likeness {
  let same = 0
  let variables = 0
  for (const [i, token] of tokens.entries()) {
    if (token === variable) variables++
    else if (token === others[i]) same++
  }
  return { same: same / tokens.length, variables }
}
