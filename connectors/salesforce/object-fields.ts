/** Definitions of an object's fields, as the integration user may see them today. */
import { z } from 'zod'
import type { SalesforceClient } from './client.ts'

/** A field as `describe` tells it. What the user may not read is not among an object's fields at all. */
export interface Field {
  /** API name. */
  readonly name: string
  readonly label: string
  /** `string`, `double`, `picklist`, … */
  readonly type: string
  /** Characters that it holds; 0 where it holds none. */
  readonly length: number
  readonly custom: boolean
  /** Of the whole that it is a part of: `BillingAddress`, `Name`; null: of nothing. */
  readonly compoundFieldName: string | null
  /** A formula or a roll-up: nobody writes it. */
  readonly calculated: boolean
  readonly createable: boolean
  readonly updateable: boolean
  readonly nillable: boolean
  readonly filterable: boolean
  readonly sortable: boolean
  /** That records can be counted by it. */
  readonly groupable: boolean
  /** By platform encryption; `encryptedstring` is the older kind. */
  readonly encrypted: boolean
  readonly unique: boolean
  readonly externalId: boolean
  /** Rich text. */
  readonly html: boolean
  readonly restrictedPicklist: boolean
  readonly picklistValues: readonly PicklistValue[]
  /** Objects that a lookup leads to. */
  readonly referenceTo: readonly string[]
  /** Name of a lookup's parent in SOQL: `Owner`. */
  readonly relationshipName: string | null
}

export interface PicklistValue {
  /** As values have it. */
  readonly value: string
  /** As people see it. */
  readonly label: string
  readonly active: boolean
}

export interface RecordType {
  readonly id: string
  readonly name: string
  readonly developerName: string
  readonly active: boolean
}

export interface ObjectFields {
  readonly object: string
  /** As people say it: "Account", "Accounts". */
  readonly label: string
  readonly plural: string
  readonly queryable: boolean
  readonly createable: boolean
  readonly updateable: boolean
  /** By API name. */
  readonly fields: ReadonlyMap<string, Field>
  readonly recordTypes: readonly RecordType[]
}

const flag = z.boolean().nullish().catch(null)
const text = z.string().nullish().catch(null)

const field = z.object({
  name: z.string(),
  label: text,
  type: z.string(),
  length: z.number().catch(0),
  custom: flag,
  compoundFieldName: text,
  calculated: flag,
  createable: flag,
  updateable: flag,
  nillable: flag,
  filterable: flag,
  sortable: flag,
  groupable: flag,
  encrypted: flag,
  unique: flag,
  externalId: flag,
  htmlFormatted: flag,
  restrictedPicklist: flag,
  picklistValues: z
    .array(z.object({ value: z.string(), label: text, active: flag }))
    .nullish()
    .catch(null),
  referenceTo: z.array(z.string()).nullish().catch(null),
  relationshipName: text,
})

const described = z.object({
  name: z.string(),
  label: text,
  labelPlural: text,
  queryable: flag,
  createable: flag,
  updateable: flag,
  fields: z.array(field),
  recordTypeInfos: z
    .array(z.object({ recordTypeId: text, name: text, developerName: text, active: flag, master: flag }))
    .nullish()
    .catch(null),
})

/**
 * Costs a call.
 *
 * @throws as calls do; NOT_FOUND for an object that the org has not, or that the user may not see
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
 * @example
 * (await readObjectFields(client, 'Account')).fields.get('Industry')?.picklistValues
 */
export async function readObjectFields(client: SalesforceClient, object: string): Promise<ObjectFields> {
  const { body } = await client.call({
    method: 'GET',
    path: `/sobjects/${encodeURIComponent(object)}/describe`,
    schema: described,
  })
  return {
    object: body.name,
    label: body.label || body.name,
    plural: body.labelPlural || body.label || body.name,
    queryable: body.queryable !== false,
    createable: body.createable === true,
    updateable: body.updateable === true,
    fields: new Map(body.fields.map((one) => [one.name, fieldOf(one)])),
    recordTypes: (body.recordTypeInfos ?? [])
      .filter(({ master }) => master !== true)
      .map(({ recordTypeId, name, developerName, active }) => ({
        id: recordTypeId ?? '',
        name: name ?? '',
        developerName: developerName ?? '',
        active: active !== false,
      })),
  }
}

function fieldOf({ htmlFormatted, ...one }: z.output<typeof field>): Field {
  return {
    name: one.name,
    label: one.label || one.name,
    type: one.type,
    length: one.length,
    custom: one.custom === true,
    compoundFieldName: one.compoundFieldName || null,
    calculated: one.calculated === true,
    createable: one.createable === true,
    updateable: one.updateable === true,
    nillable: one.nillable !== false,
    filterable: one.filterable !== false,
    sortable: one.sortable !== false,
    groupable: one.groupable !== false,
    encrypted: one.encrypted === true || one.type === 'encryptedstring',
    unique: one.unique === true,
    externalId: one.externalId === true,
    html: htmlFormatted === true,
    restrictedPicklist: one.restrictedPicklist === true,
    picklistValues: (one.picklistValues ?? []).map(({ value, label, active }) => ({
      value,
      label: label || value,
      active: active !== false,
    })),
    referenceTo: one.referenceTo ?? [],
    relationshipName: one.relationshipName || null,
  }
}
