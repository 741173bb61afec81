import { readFileSync } from 'node:fs'
import { JSONObjectReader } from '@actions/workflow-parser/templates/json-object-reader'
import { TemplateSchema } from '@actions/workflow-parser/templates/schema/template-schema'
import { TemplateContext, TemplateValidationErrors } from '@actions/workflow-parser/templates/template-context'
import { readTemplate } from '@actions/workflow-parser/templates/template-reader'
import { NoOperationTraceWriter } from '@actions/workflow-parser/templates/trace-writer'
import { WORKFLOW_ROOT } from '@actions/workflow-parser/workflows/workflow-constants'
import { YamlObjectReader } from '@actions/workflow-parser/workflows/yaml-object-reader'

/**
 * The package's own entry imports this file in a way that Node takes only from a bundler. So its parts are put together
 * here.
 */
const SCHEMA = readFileSync(new URL('workflow-v1.0.min.json', import.meta.resolve('@actions/workflow-parser')), 'utf8')

/**
 * Returns the errors of GitHub's parser for a workflow: unknown or missing keys, values of the wrong kind, expressions
 * with unknown names.
 */
export function workflowErrors (name: string, content: string): string[] {
  const schema = TemplateSchema.load(new JSONObjectReader(undefined, SCHEMA))
  const context = new TemplateContext(new TemplateValidationErrors(), schema, new NoOperationTraceWriter())
  const file = context.getFileId(name)
  const reader = new YamlObjectReader(file, content)
  if (reader.errors.length > 0) return reader.errors.map(({ message }) => message)
  readTemplate(context, WORKFLOW_ROOT, reader, file)
  return context.errors.getErrors().map(({ message }) => message)
}
