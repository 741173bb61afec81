import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { FOLDER } from '../../deploy/grafana/definition/all.ts'

/** The parts of a dashboard's JSON that hold its queries. */
export interface Dashboard {
  uid: string
  title: string
  panels: Panel[]
  templating: { list: Variable[] }
  annotations: { list?: Array<Target & { name: string, datasource: Source }> }
}

export interface Panel { id: number, title: string, type: string, panels?: Panel[], targets?: Target[], datasource?: Source }
export interface Target { expr: string, refId?: string, instant?: boolean, direction?: string, datasource: Source }
export interface Source { type: 'loki' | 'prometheus', uid: string }

export interface Variable {
  name: string
  type: 'query' | 'custom' | 'textbox' | 'datasource'
  multi: boolean
  includeAll: boolean
  allValue?: string
  query: string | { label: string, stream: string }
  regex?: string
  datasource?: Source
  current?: { value: string | string[] }
}

export interface Query extends Target { dashboard: Dashboard, panel: string }

export const ALL = '$__all'
/** The choice for a variable: one value or several. */
export type Choice = string | readonly string[]
export type Choices = Readonly<Record<string, Choice>>

/** Reads the committed dashboards. */
export function dashboards (): Dashboard[] {
  return readdirSync(FOLDER).filter(file => file.endsWith('.json')).sort()
    .map(file => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Dashboard)
}

export function panelsOf (dashboard: Dashboard): Panel[] {
  return dashboard.panels.flatMap(panel => [panel, ...panel.panels ?? []])
}

/** Returns all queries of the panels and annotations. */
export function queriesOf (dashboard: Dashboard): Query[] {
  const asked = panelsOf(dashboard).flatMap(({ title, targets = [] }) => targets.map(target => ({ ...target, dashboard, panel: title })))
  return [...asked, ...(dashboard.annotations.list ?? []).map(annotation => ({ ...annotation, dashboard, panel: annotation.name }))]
}

/** Returns the names of the variables in a text, including Grafana's own, such as `__interval`. */
export function variablesIn (text: string): string[] {
  return [...text.matchAll(REFERENCE)].map(([, bare, braced]) => bare ?? braced)
}

/** Matches `$name`, `${name}` and `${name:format}`, but not `$1`, which is a group of a regular expression. */
const REFERENCE = /\$(?:([A-Za-z_]\w*)|\{(\w+)(?::(\w+))?\})/g

/**
 * Escapes a variable's value where the query asks for no format, as Grafana's data sources for Loki and Prometheus do.
 */
function escaped (choice: Choice, source: Source['type'], { multi, includeAll }: Variable): string {
  if (!multi && !includeAll) {
    const text = String(choice)
    return source === 'loki' ? text : text.replaceAll('\\', '\\\\').replaceAll("'", "\\\\'")
  }
  const values = (typeof choice === 'string'
    ? [choice]
    : choice).map(value => value.replaceAll('\\', '\\\\\\\\').replace(/[$^*{}[\]+?.()|]/g, '\\\\$&'))
  return source === 'loki' || values.length === 1 ? values.join('|') : `(${values.join('|')})`
}

function formatted (choice: Choice, format: string): string {
  const values = typeof choice === 'string' ? [choice] : choice
  if (format === 'raw') return values.join(',')
  if (format !== 'regex') throw new Error(`no such format: ${format}`)
  const expressions = values.map(value => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'))
  return expressions.length === 1 ? expressions[0] : `(${expressions.join('|')})`
}

/** Returns the choice, or else the dashboard's default. */
function choiceOf (variable: Variable, choices: Choices): Choice {
  const choice = choices[variable.name] ?? variable.current?.value ?? (variable.type === 'textbox' ? String(variable.query) : undefined)
  if (choice === undefined) throw new Error(`nothing is chosen for ${variable.name}`)
  return choice
}

/**
 * Replaces the variables by the choices, as Grafana does before it queries a data source. Fails at an unknown variable.
 */
export function interpolate (text: string, source: Source['type'], variables: readonly Variable[], choices: Choices): string {
  return text.replace(REFERENCE, (reference, bare: string | undefined, braced: string | undefined, format: string | undefined) => {
    const name = bare ?? braced ?? ''
    const variable = variables.find(one => one.name === name)
    if (variable === undefined) {
      if (name.startsWith('__') && typeof choices[name] === 'string') return choices[name]
      throw new Error(`no such variable: ${reference} in ${text}`)
    }
    const choice = choiceOf(variable, choices)
    if (choice === ALL || choice[0] === ALL) {
      if (variable.allValue === undefined) throw new Error(`${name} has no value for all`)
      return variable.allValue
    }
    return format === undefined ? escaped(choice, source, variable) : formatted(choice, format)
  })
}

/** Asks a store for the values of a label. */
export type LabelValues = (source: Source['type'], label: string, selector: string) => Promise<string[]>

/** Returns the values that each query variable offers. Chooses the first where nothing is chosen, as Grafana does. */
export async function offered (
  dashboard: Dashboard, choices: Choices, ask: LabelValues
): Promise<{ options: Record<string, string[]>, choices: Choices }> {
  const filled: Record<string, Choice> = { ...choices }
  const options: Record<string, string[]> = {}
  const variables = dashboard.templating.list
  for (const variable of variables) {
    if (variable.type !== 'query' || variable.datasource === undefined) continue
    const { type } = variable.datasource
    const [label, selector] = typeof variable.query === 'string'
      ? /^label_values\((.*), (\w+)\)$/.exec(variable.query)?.slice(1).reverse() ?? []
      : [variable.query.label, variable.query.stream]
    const values = await ask(type, label, interpolate(selector, type, variables, filled))
    const pattern = variable.regex === undefined ? undefined : new RegExp(variable.regex.slice(1, -1))
    options[variable.name] = [
      ...new Set(values.map(value => pattern === undefined ? value : pattern.exec(value)?.[1] ?? '').filter(value => value !== ''))
    ]
    if (variable.current === undefined && filled[variable.name] === undefined && options[variable.name].length > 0) {
      filled[variable.name] = options[variable.name][0]
    }
  }
  return { options, choices: filled }
}
