/** The fields and the object of the package, as the Metadata API defines them; what they are stands in connectors/salesforce/package.ts. */
import {
  INTERVENTION,
  PACKAGE,
  type OurObject,
  type PackageField,
} from '../../connectors/salesforce/package.ts'
import { metadataFile, type Metadata } from './metadata.ts'

/** Custom fields of tasks are defined on Activity. */
const DEFINED_ON: Readonly<Partial<Record<OurObject, string>>> = { Task: 'Activity' }

/** Lines that a long text shows at a time. */
const LINES = 5

/** By path below the package's folder. */
export function objectFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { object, fields } of PACKAGE) {
    const folder = `objects/${DEFINED_ON[object] ?? object}`
    for (const field of fields)
      files.set(
        `${folder}/fields/${field.name}.field-meta.xml`,
        metadataFile('CustomField', customField(field)),
      )
  }
  const { name } = INTERVENTION
  files.set(`objects/${name}/${name}.object-meta.xml`, metadataFile('CustomObject', intervention()))
  return files
}

/**
 * @example
 * customField(fieldsOf('Account')[0]).type // 'Percent'
 */
export function customField(field: PackageField): Readonly<Record<string, Metadata | undefined>> {
  const { name, label, description, type, length, precision, scale, values, restricted, refersTo } = field
  return {
    fullName: name,
    label,
    description,
    inlineHelpText: description,
    type,
    required: type === 'Lookup' || type === 'Picklist' || type === 'LongTextArea' ? undefined : false,
    externalId: field.externalId === true ? true : type === 'Text' || type === 'Number' ? false : undefined,
    unique: field.unique,
    // A key is compared as it is written.
    caseSensitive: field.unique === true ? true : undefined,
    length,
    visibleLines: type === 'LongTextArea' ? LINES : undefined,
    precision,
    scale,
    ...(values === undefined
      ? {}
      : {
          valueSet: {
            restricted: restricted === true,
            valueSetDefinition: {
              sorted: false,
              value: values.map(({ value, label: words }) => ({
                fullName: value,
                default: false,
                label: words,
              })),
            },
          },
        }),
    ...(refersTo === undefined
      ? {}
      : {
          deleteConstraint: 'SetNull',
          referenceTo: refersTo,
          relationshipLabel: INTERVENTION.plural,
          relationshipName: field.relationship,
        }),
  }
}

/** Everybody may look at what was done for a customer; who may change it is the permission sets' matter. */
function intervention(): Readonly<Record<string, Metadata>> {
  const { label, plural, description, nameField } = INTERVENTION
  return {
    label,
    pluralLabel: plural,
    description,
    deploymentStatus: 'Deployed',
    sharingModel: 'Read',
    externalSharingModel: 'Private',
    enableActivities: false,
    enableBulkApi: true,
    enableFeeds: false,
    enableHistory: false,
    enableReports: true,
    enableSearch: true,
    enableSharing: true,
    enableStreamingApi: true,
    nameField: { displayFormat: nameField.format, label: nameField.label, type: 'AutoNumber' },
  }
}
