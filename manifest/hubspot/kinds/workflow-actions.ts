/**
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/custom-workflow-actions
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/agent-tools/reference
 */
import { z } from 'zod'
import { shippedActions } from '../../../actions/catalogue.ts'
import {
  OWN_ACTION,
  WORKFLOW_ACTIONS,
  WORKFLOW_DEFINITIONS,
  type WorkflowAction,
  type WorkflowField,
} from '../../../connectors/hubspot/workflow-actions.ts'
import { kind, UIDS } from './kind.ts'
import { component, https, named, unique } from './shape.ts'

const name = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, 'takes small letters, digits and underscores')

/** Which way of typing belongs to which type. */
const typeDefinition = z.discriminatedUnion('type', [
  z.strictObject({ name, type: z.literal('string'), fieldType: z.enum(['text', 'textarea']) }),
  z.strictObject({ name, type: z.literal('number'), fieldType: z.literal('number') }),
  z.strictObject({
    name,
    type: z.literal('enumeration'),
    fieldType: z.enum(['select', 'radio', 'checkbox']),
    options: unique(
      z.strictObject({ value: named(100), label: named(100), displayOrder: z.int().nonnegative() }),
    ).refine((all) => all.length > 0, 'takes at least one'),
  }),
])

const input = z.strictObject({
  typeDefinition,
  supportedValueTypes: unique(z.enum(['STATIC_VALUE', 'OBJECT_PROPERTY', 'FIELD_DATA'])),
  isRequired: z.boolean(),
})

const words = z.record(name, z.string().min(1).max(300))

const labels = z.strictObject({
  actionName: named(100),
  actionDescription: z.string().min(1).max(500),
  actionCardContent: z.string().min(1).max(300),
  inputFieldLabels: words,
  inputFieldDescriptions: words,
  outputFieldLabels: words,
})

const namesOf = (fields: readonly { readonly typeDefinition: { readonly name: string } }[]): string[] =>
  fields.map(({ typeDefinition: of }) => of.name)

const config = z
  .strictObject({
    actionUrl: https,
    isPublished: z.boolean(),
    supportedClients: z.array(
      z.discriminatedUnion('client', [
        z.strictObject({ client: z.literal('WORKFLOWS') }),
        z.strictObject({
          client: z.literal('AGENTS'),
          toolType: z.enum(['GET_DATA', 'GENERATE', 'TAKE_ACTION']),
          llmConfig: z.strictObject({ actionDescription: z.string().min(20).max(1000) }),
        }),
      ]),
    ),
    inputFields: z.array(input),
    outputFields: z.array(z.strictObject({ typeDefinition })),
    labels: z.strictObject({ en: labels }),
    objectTypes: unique(z.enum(['CONTACT', 'COMPANY'])),
  })
  .refine(({ supportedClients }) => {
    const clients = supportedClients.map(({ client }) => client)
    return clients.length > 0 && new Set(clients).size === clients.length
  }, 'names a client twice, or none')
  .refine(
    ({ inputFields }) => new Set(namesOf(inputFields)).size === inputFields.length,
    'has two inputs of one name',
  )
  .refine(
    ({ outputFields }) => new Set(namesOf(outputFields)).size === outputFields.length,
    'has two outputs of one name',
  )
  .refine(
    ({ inputFields, labels: { en } }) =>
      namesOf(inputFields).join() === Object.keys(en.inputFieldLabels).join(),
    'has inputs without a label, or labels without an input',
  )
  .refine(
    ({ outputFields, labels: { en } }) =>
      namesOf(outputFields).join() === Object.keys(en.outputFieldLabels).join(),
    'has outputs without a label, or labels without an output',
  )

type File = z.infer<typeof config>
type TypeDefinition = z.infer<typeof typeDefinition>

export const workflowActions = kind(component('workflow-action', config))({
  type: 'workflow-action',
  folder: 'app/workflow-actions',
  count: 'many',
  files: ({ publicUrl }) =>
    Object.fromEntries(
      WORKFLOW_ACTIONS.map((action) => [
        action,
        { uid: UIDS.workflow[action], type: 'workflow-action' as const, config: configOf(publicUrl, action) },
      ]),
    ),
})

function configOf(publicUrl: string, action: WorkflowAction): File {
  const { path, name: called, description, content, agent, inputs, outputs } = WORKFLOW_DEFINITIONS[action]
  const labelled = (fields: readonly WorkflowField[], of: 'label' | 'help') =>
    Object.fromEntries(fields.flatMap((field) => (field[of] === undefined ? [] : [[field.name, field[of]]])))
  return {
    actionUrl: publicUrl + path,
    isPublished: true,
    supportedClients: [
      { client: 'WORKFLOWS' },
      { client: 'AGENTS', toolType: agent.tool, llmConfig: { actionDescription: agent.description } },
    ],
    inputFields: inputs.map((field) => ({
      typeDefinition: typeOf(field),
      supportedValueTypes: ['STATIC_VALUE'],
      isRequired: field.required ?? false,
    })),
    outputFields: outputs.map((field) => ({ typeDefinition: typeOf(field) })),
    labels: {
      en: {
        actionName: called,
        actionDescription: description,
        actionCardContent: content,
        inputFieldLabels: labelled(inputs, 'label'),
        inputFieldDescriptions: labelled(inputs, 'help'),
        outputFieldLabels: labelled(outputs, 'label'),
      },
    },
    objectTypes: ['CONTACT', 'COMPANY'],
  }
}

function typeOf({ name: called, type, options }: WorkflowField): TypeDefinition {
  if (type === 'string') return { name: called, type, fieldType: 'text' }
  if (type === 'number') return { name: called, type, fieldType: 'number' }
  const all = options === 'actions' ? actions() : (options ?? [])
  return {
    name: called,
    type,
    fieldType: 'select',
    options: all.map(({ value, label }, displayOrder) => ({ value, label, displayOrder })),
  }
}

/** What ships; what a company added is named in a field of its own. */
const actions = () => [
  ...shippedActions
    .filter(({ channel }) => channel !== 'none')
    .map(({ key, name: label }) => ({ value: key, label })),
  OWN_ACTION,
]
