/**
 * What the org says of its objects.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
 */
import { isCustom, isFilterable, isLong, isSortable, type FieldDefinition } from './field.ts'
import { notFound } from './problems.ts'
import { DATA, typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'

const SOAP: Partial<Record<FieldDefinition['type'], string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  percent: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
  address: 'urn:address',
  location: 'urn:location',
  base64: 'xsd:base64Binary',
  anyType: 'xsd:anyType',
}

function describeField(field: FieldDefinition): Record<string, unknown> {
  const writable = field.editable && !field.calculated && !field.autoNumber
  const filterable = isFilterable(field)
  const listed = field.type === 'picklist' || field.type === 'multipicklist' || field.type === 'combobox'
  return {
    aggregatable: filterable && field.type !== 'boolean',
    aiPredictionField: false,
    autoNumber: field.autoNumber,
    byteLength: field.length * 3,
    calculated: field.calculated && isCustom(field.name),
    calculatedFormula: null,
    cascadeDelete: false,
    caseSensitive: field.caseSensitive,
    compoundFieldName: field.compound,
    controllerName: null,
    createable: field.createable && writable,
    custom: isCustom(field.name),
    defaultValue: field.defaultValue,
    defaultValueFormula: null,
    defaultedOnCreate: field.defaultValue !== null || field.name === 'OwnerId' || field.calculated,
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: field.type === 'int' ? 9 : 0,
    displayLocationInDecimal: false,
    encrypted: field.encrypted,
    externalId: field.externalId,
    extraTypeInfo: field.html ? 'richtextarea' : isLong(field) ? 'plaintextarea' : null,
    filterable,
    filteredLookupInfo: null,
    formulaTreatNullNumberAsZero: false,
    groupable:
      filterable && isSortable(field) && !['double', 'currency', 'percent', 'datetime'].includes(field.type),
    highScaleNumber: false,
    htmlFormatted: field.html,
    idLookup: field.type === 'id' || field.externalId || (field.nameField && !field.calculated),
    inlineHelpText: field.help,
    label: field.label,
    length: field.length,
    mask: null,
    maskType: null,
    name: field.name,
    nameField: field.nameField,
    namePointing: field.referenceTo.length > 1,
    nillable: !field.required,
    permissionable: !field.required && field.type !== 'id',
    picklistValues: listed
      ? field.values.map(({ value, label, active, defaultValue }) => ({
          active,
          defaultValue,
          label,
          validFor: null,
          value,
        }))
      : [],
    polymorphicForeignKey: field.referenceTo.length > 1,
    precision: field.precision,
    queryByDistance: false,
    referenceTargetField: null,
    referenceTo: field.referenceTo,
    relationshipName: field.relationship,
    relationshipOrder: null,
    restrictedDelete: false,
    restrictedPicklist: field.restricted,
    scale: field.scale,
    searchPrefilterable: false,
    soapType: SOAP[field.type] ?? 'xsd:string',
    sortable: isSortable(field),
    type: field.type,
    unique: field.unique,
    updateable: field.updateable && writable,
    writeRequiresMasterRead: false,
  }
}

function summary(request: SandboxRequest, type: string): Record<string, unknown> {
  const { state, base } = request
  const object = state.tables.objects.get(type)
  if (!object) throw notFound()
  const access = state.objectAccess(type)
  const url = `${base}/sobjects/${type}`
  return {
    activateable: false,
    associateEntityType: object.historyOf ? 'History' : null,
    associateParentEntity: object.historyOf ?? null,
    createable: access.create && !object.readOnly,
    custom: isCustom(type),
    customSetting: false,
    deepCloneable: false,
    deletable: access.delete && !object.readOnly,
    deprecatedAndHidden: false,
    feedEnabled: false,
    hasSubtypes: type === 'Account' && state.features.personAccounts,
    isInterface: false,
    isSubtype: false,
    keyPrefix: object.historyOf ? null : object.prefix,
    label: object.label,
    labelPlural: object.plural,
    layoutable: !object.readOnly,
    mergeable: object.merges === true,
    mruEnabled: !object.readOnly,
    name: type,
    queryable: access.read,
    replicateable: !object.readOnly,
    retrieveable: access.read,
    searchable: !object.readOnly,
    triggerable: !object.readOnly,
    undeletable: access.delete && !object.readOnly,
    updateable: access.edit && !object.readOnly,
    urls: {
      sobject: url,
      describe: `${url}/describe`,
      rowTemplate: `${url}/{ID}`,
    },
  }
}

const global: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/sobjects`,
  kind: 'call',
  handle: (request) => ({
    status: 200,
    body: {
      encoding: 'UTF-8',
      maxBatchSize: 200,
      sobjects: request.state
        .objects()
        .filter(({ name }) => request.state.objectAccess(name).read)
        .map(({ name }) => summary(request, name)),
    },
  }),
}

const whole: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/sobjects/:type/describe`,
  kind: 'call',
  handle(request) {
    const type = typeOf(request)
    const { state, context } = request
    const fields = state.fields(type).filter(({ readable }) => readable)
    return {
      status: 200,
      body: {
        ...summary(request, type),
        actionOverrides: [],
        childRelationships: context.source.childrenOf(type).map(({ object, field, relationship }) => ({
          cascadeDelete: false,
          childSObject: object,
          deprecatedAndHidden: false,
          field,
          junctionIdListNames: [],
          junctionReferenceTo: [],
          relationshipName: relationship,
          restrictedDelete: false,
        })),
        compactLayoutable: true,
        defaultImplementation: null,
        extendedBy: null,
        extendsInterfaces: null,
        fields: fields.map(describeField),
        implementedBy: null,
        implementsInterfaces: null,
        listviewable: null,
        lookupLayoutable: null,
        namedLayoutInfos: [],
        networkScopeFieldName: null,
        recordTypeInfos: recordTypes(request, type),
        searchLayoutable: true,
        sobjectDescribeOption: 'FULL',
        supportedScopes: [{ label: 'All', name: 'everything' }],
      },
    }
  },
}

function recordTypes({ state, base }: SandboxRequest, type: string): readonly unknown[] {
  const table = state.tables.table('RecordType')
  const master = {
    active: true,
    available: true,
    defaultRecordTypeMapping: true,
    developerName: 'Master',
    master: true,
    name: 'Master',
    recordTypeId: '012000000000000AAA',
    urls: { layout: `${base}/sobjects/${type}/describe/layouts/012000000000000AAA` },
  }
  const own = table.indexed('SobjectType', type).map((row) => ({
    ...master,
    active: table.get(row, 'IsActive'),
    defaultRecordTypeMapping: false,
    developerName: table.get(row, 'DeveloperName'),
    master: false,
    name: table.get(row, 'Name'),
    recordTypeId: row.id,
    urls: { layout: `${base}/sobjects/${type}/describe/layouts/${row.id}` },
  }))
  return [master, ...own]
}

export const describeRoutes: readonly SandboxRoute[] = [global, whole]
