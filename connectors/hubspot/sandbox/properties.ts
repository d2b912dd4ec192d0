/**
 * Property definitions.
 *
 * @see https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
 */
import { z } from 'zod'
import { batchAnswer } from './batch.ts'
import { property, type PropertyDefinition, type PropertyType } from './definitions.ts'
import { asProblem, batchError, invalid, notFound, problem, type BatchError } from './problems.ts'
import { propertyGroupRoutes } from './property-groups.ts'
import { propertyRoute as route } from './property-route.ts'
import { parseBody, type SandboxRequest, type SandboxRoute } from './route.ts'

const SENSITIVITIES = ['non_sensitive', 'sensitive', 'highly_sensitive'] as const
const MOST_UNIQUE = 10

/** Which inputs go with which type; anything else is refused. */
const FIELD_TYPES: Readonly<Record<PropertyType, readonly string[]>> = {
  string: ['text', 'textarea', 'html', 'file', 'phonenumber', 'calculation_equation'],
  number: ['number', 'calculation_equation'],
  bool: ['booleancheckbox', 'calculation_equation'],
  date: ['date'],
  datetime: ['date'],
  enumeration: ['select', 'radio', 'checkbox', 'booleancheckbox', 'calculation_equation'],
  phone_number: ['phonenumber'],
}

const option = z.object({
  label: z.string().min(1),
  value: z.string().min(1),
  displayOrder: z.number().int().default(-1),
  hidden: z.boolean().default(false),
  description: z.string().optional(),
})

const definition = {
  label: z.string().min(1),
  description: z.string(),
  groupName: z.string(),
  type: z.enum(['string', 'number', 'bool', 'date', 'datetime', 'enumeration', 'phone_number']),
  fieldType: z.string(),
  options: z.array(option),
  displayOrder: z.number().int(),
  hidden: z.boolean(),
  formField: z.boolean(),
}

const creation = z.object({
  ...definition,
  name: z.string(),
  description: definition.description.default(''),
  options: definition.options.default([]),
  displayOrder: definition.displayOrder.default(-1),
  hidden: definition.hidden.default(false),
  formField: definition.formField.default(false),
  hasUniqueValue: z.boolean().default(false),
  externalOptions: z.boolean().default(false),
  referencedObjectType: z.string().optional(),
  dataSensitivity: z.enum(SENSITIVITIES).default('non_sensitive'),
})

const change = z.object(definition).partial()

function present({
  readOnlyValue,
  archivedAt,
  createdAt,
  updatedAt,
  ...given
}: PropertyDefinition): Record<string, unknown> {
  return {
    ...given,
    ...(createdAt === null ? {} : { createdAt: new Date(createdAt).toISOString() }),
    ...(updatedAt === null ? {} : { updatedAt: new Date(updatedAt).toISOString() }),
    archived: archivedAt !== null,
    ...(archivedAt === null ? {} : { archivedAt: new Date(archivedAt).toISOString() }),
    modificationMetadata: {
      archivable: !given.hubspotDefined,
      readOnlyDefinition: given.hubspotDefined,
      readOnlyOptions: given.hubspotDefined,
      readOnlyValue,
    },
  }
}

function createOne(
  request: SandboxRequest,
  type: string,
  given: z.infer<typeof creation>,
): PropertyDefinition {
  const { state } = request
  const { name } = given
  const refuse = (message: string, code: string): Error =>
    invalid(message, { errors: [{ message, code, context: { propertyName: [name] } }] })
  if (!/^[a-z][a-z0-9_]{0,99}$/.test(name)) {
    throw refuse(
      `Property name "${name}" must start with a letter and consist of lower case letters, digits and underscores.`,
      'INVALID_PROPERTY_NAME',
    )
  }
  if (name.startsWith('hs_'))
    throw refuse('Property names must not start with "hs_".', 'RESERVED_PROPERTY_NAME')
  const known = state.property(type, name)
  if (known && known.archivedAt !== null) {
    // Documented nowhere; seen in a portal: the archived one is back as it was, whatever was asked for.
    const restored = { ...known, archivedAt: null, updatedAt: request.at.getTime() }
    state.setProperty(type, restored)
    return restored
  }
  if (known) {
    throw problem({
      status: 409,
      category: 'OBJECT_ALREADY_EXISTS',
      message: `A property named '${name}' already exists.`,
      errors: [
        { message: 'Property already exists', code: 'PROPERTY_EXISTS', context: { propertyName: [name] } },
      ],
    })
  }
  if (!state.groups(type).some((group) => group.name === given.groupName)) {
    throw refuse(`Property group '${given.groupName}' does not exist.`, 'INVALID_PROPERTY_GROUP')
  }
  checkShape(given.name, given.type, given.fieldType, given.options)
  const own = state
    .properties(type)
    .filter(({ hubspotDefined, archivedAt }) => !hubspotDefined && archivedAt === null)
  const { customProperties } = request.context.settings
  if (own.length >= customProperties) {
    throw refuse(
      `You have reached the limit of ${customProperties} custom properties for this object.`,
      'PROPERTY_LIMIT_EXCEEDED',
    )
  }
  if (given.hasUniqueValue) {
    if (given.type !== 'string' && given.type !== 'number') {
      throw refuse('Only text and number properties can have unique values.', 'INVALID_UNIQUE_PROPERTY')
    }
    if (own.filter(({ hasUniqueValue }) => hasUniqueValue).length >= MOST_UNIQUE) {
      throw refuse(
        `An object can have ${MOST_UNIQUE} unique value properties.`,
        'UNIQUE_PROPERTY_LIMIT_EXCEEDED',
      )
    }
  }
  const at = request.at.getTime()
  const { referencedObjectType, ...rest } = given
  const made = property(name, {
    ...rest,
    options: optionsOf(given.options),
    ...(referencedObjectType === undefined ? {} : { referencedObjectType }),
    createdAt: at,
    updatedAt: at,
  })
  state.setProperty(type, made)
  return made
}

type GivenOption = z.infer<typeof option>

const optionsOf = (options: readonly GivenOption[]) =>
  options.map(({ description, ...rest }) => (description === undefined ? rest : { ...rest, description }))

function checkShape(
  name: string,
  type: PropertyType,
  fieldType: string,
  options: readonly GivenOption[],
): void {
  const refuse = (message: string, code: string): Error =>
    invalid(message, { errors: [{ message, code, context: { propertyName: [name] } }] })
  if (!FIELD_TYPES[type].includes(fieldType)) {
    throw refuse(`fieldType "${fieldType}" does not go with type "${type}".`, 'INVALID_FIELD_TYPE')
  }
  for (const part of ['value', 'label'] as const) {
    if (new Set(options.map((one) => one[part].toLowerCase())).size < options.length) {
      throw refuse(`Property option ${part}s must be unique.`, 'DUPLICATE_OPTIONS')
    }
  }
  if (type === 'bool' && options.length > 0) {
    if (
      options
        .map(({ value }) => value)
        .sort()
        .join() !== 'false,true'
    ) {
      throw refuse(
        'Boolean properties must have exactly the options "true" and "false".',
        'INVALID_BOOLEAN_OPTIONS',
      )
    }
  }
}

function named(request: SandboxRequest, type: string, archived = false): PropertyDefinition {
  const name = request.params.propertyName
  const known = request.state.property(type, name)
  if (!known || (known.archivedAt !== null) !== archived) {
    throw notFound(`Property ${name} does not exist`, {
      errors: [
        {
          message: `Property ${name} does not exist`,
          code: 'PROPERTY_NOT_FOUND',
          context: { propertyName: [name] },
        },
      ],
    })
  }
  return known
}

function archiveOne(request: SandboxRequest, type: string, known: PropertyDefinition): void {
  if (known.hubspotDefined)
    throw invalid(`Property ${known.name} is defined by HubSpot and cannot be archived.`)
  const at = request.at.getTime()
  request.state.setProperty(type, { ...known, archivedAt: at, updatedAt: at })
}

const names = z.object({ inputs: z.array(z.object({ name: z.string() })) })

export const propertyRoutes: readonly SandboxRoute[] = [
  route('GET', '', 'read', (request, type) => {
    const archived = request.query.get('archived') === 'true'
    // The others are only shown to those who ask for them.
    const sensitivity = request.query.get('dataSensitivity') ?? 'non_sensitive'
    const results = request.state
      .properties(type)
      .filter(
        ({ archivedAt, dataSensitivity }) =>
          (archivedAt !== null) === archived && dataSensitivity === sensitivity,
      )
      .map(present)
    return { status: 200, body: { results } }
  }),
  route('POST', '', 'write', (request, type) => ({
    status: 201,
    body: present(createOne(request, type, parseBody(creation, request))),
  })),
  ...propertyGroupRoutes,
  route('POST', '/batch/read', 'read', (request, type) => {
    const { inputs, archived, dataSensitivity } = parseBody(
      names.extend({
        archived: z.boolean().default(false),
        dataSensitivity: z.enum(SENSITIVITIES).default('non_sensitive'),
      }),
      request,
    )
    const results: unknown[] = []
    const absent: string[] = []
    for (const { name } of inputs) {
      const known = request.state.property(type, name)
      if (known && (known.archivedAt !== null) === archived && known.dataSensitivity === dataSensitivity)
        results.push(present(known))
      else absent.push(name)
    }
    return batchAnswer(request, results, notThere(absent))
  }),
  route('POST', '/batch/create', 'write', (request, type) => {
    const { inputs } = parseBody(
      z.object({ inputs: z.array(creation).max(request.context.settings.batch) }),
      request,
    )
    const errors: BatchError[] = []
    const results: unknown[] = []
    for (const given of inputs) {
      try {
        results.push(present(createOne(request, type, given)))
      } catch (error) {
        const refused = asProblem(error)
        if (!refused) throw error
        errors.push(
          batchError({
            category: refused.category,
            message: refused.message,
            context: { name: [given.name] },
            errors: refused.errors ?? [],
          }),
        )
      }
    }
    return batchAnswer(request, results, errors)
  }),
  route('POST', '/batch/archive', 'write', (request, type) => {
    for (const { name } of parseBody(names, request).inputs) {
      const known = request.state.property(type, name)
      if (known && known.archivedAt === null) archiveOne(request, type, known)
    }
    return { status: 204 }
  }),
  route('GET', '/:propertyName', 'read', (request, type) => ({
    status: 200,
    body: present(named(request, type, request.query.get('archived') === 'true')),
  })),
  route('PATCH', '/:propertyName', 'write', (request, type) => {
    const known = named(request, type)
    const given = parseBody(change, request)
    const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    if (
      known.hubspotDefined &&
      Object.keys(fields).some((field) => field !== 'label' && field !== 'description')
    ) {
      throw invalid(`Property ${known.name} is defined by HubSpot; its definition is read only.`)
    }
    if (
      given.groupName !== undefined &&
      !request.state.groups(type).some(({ name }) => name === given.groupName)
    ) {
      throw invalid(`Property group '${given.groupName}' does not exist.`)
    }
    const next = { ...known, ...fields, updatedAt: request.at.getTime() } as PropertyDefinition
    checkShape(known.name, next.type, next.fieldType, given.options ?? [])
    const written = { ...next, options: given.options ? optionsOf(given.options) : known.options }
    request.state.setProperty(type, written)
    return { status: 200, body: present(written) }
  }),
  route('DELETE', '/:propertyName', 'write', (request, type) => {
    const known = request.state.property(type, request.params.propertyName)
    if (known && known.archivedAt === null) archiveOne(request, type, known)
    return { status: 204 }
  }),
]

const notThere = (absent: readonly string[]): BatchError[] =>
  absent.length === 0
    ? []
    : [
        batchError({
          category: 'OBJECT_NOT_FOUND',
          message: 'Some properties do not exist.',
          context: { ids: absent },
        }),
      ]
