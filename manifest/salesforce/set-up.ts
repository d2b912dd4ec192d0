/** The package's own set-up: custom metadata with one record, and the permission to change it. */
import { metadataFile } from './metadata.ts'

/** Read by HoldfastSetup.cls. */
export const SETTING = {
  type: 'Holdfast_Setting__mdt',
  record: 'Default',
  enabled: 'Enabled__c',
  timeout: 'Timeout_Seconds__c',
} as const

export const ADMIN_PERMISSION = 'Holdfast_Admin'

/** Seconds that somebody at a page waits. */
const TIMEOUT = 10

export function setUpFiles(): ReadonlyMap<string, string> {
  const { type, record, enabled, timeout } = SETTING
  const folder = `objects/${type}`
  return new Map([
    [
      `${folder}/${type}.object-meta.xml`,
      metadataFile('CustomObject', {
        label: 'Holdfast Setting',
        pluralLabel: 'Holdfast Settings',
        description: 'Whether Holdfast is asked from this org, and how long somebody at a page waits for it.',
        visibility: 'Public',
      }),
    ],
    [
      `${folder}/fields/${enabled}.field-meta.xml`,
      metadataFile('CustomField', {
        fullName: enabled,
        label: 'Enabled',
        description: 'Off: nothing of this org asks Holdfast, and cards and Flows say so.',
        type: 'Checkbox',
        defaultValue: true,
        externalId: false,
        fieldManageability: 'SubscriberControlled',
      }),
    ],
    [
      `${folder}/fields/${timeout}.field-meta.xml`,
      metadataFile('CustomField', {
        fullName: timeout,
        label: 'Timeout (seconds)',
        description:
          'How long somebody at a page waits for Holdfast, 1 to 60. Flows wait for up to a minute.',
        type: 'Number',
        precision: 2,
        scale: 0,
        required: false,
        unique: false,
        externalId: false,
        fieldManageability: 'SubscriberControlled',
      }),
    ],
    [
      `customMetadata/${type.replace('__mdt', '')}.${record}.md-meta.xml`,
      metadataFile('CustomMetadata', {
        label: record,
        protected: false,
        values: [
          { field: enabled, value: { 'xsi:type': 'xsd:boolean', '#text': true } },
          { field: timeout, value: { 'xsi:type': 'xsd:double', '#text': TIMEOUT } },
        ],
      }),
    ],
    [
      `customPermissions/${ADMIN_PERMISSION}.customPermission-meta.xml`,
      metadataFile('CustomPermission', {
        label: 'Holdfast Admin',
        description: 'Changes the settings of Holdfast from inside Salesforce.',
        isLicensed: false,
      }),
    ],
  ])
}
