/** Property definitions and groups of a portal, and those that every portal comes with. */
import { createdProperty, modifiedProperty, OBJECT_TYPES } from './object-types.ts'

export interface PropertyOption {
  readonly label: string
  readonly value: string
  readonly displayOrder: number
  readonly hidden: boolean
  readonly description?: string
}

export type PropertyType = 'string' | 'number' | 'bool' | 'date' | 'datetime' | 'enumeration' | 'phone_number'

export interface PropertyDefinition {
  readonly name: string
  readonly label: string
  readonly description: string
  readonly groupName: string
  readonly type: PropertyType
  readonly fieldType: string
  readonly options: readonly PropertyOption[]
  readonly displayOrder: number
  readonly hasUniqueValue: boolean
  readonly hidden: boolean
  readonly formField: boolean
  readonly calculated: boolean
  readonly externalOptions: boolean
  readonly hubspotDefined: boolean
  readonly dataSensitivity: 'non_sensitive' | 'sensitive' | 'highly_sensitive'
  readonly sensitiveDataCategories?: readonly string[]
  readonly referencedObjectType?: string
  readonly showCurrencySymbol?: boolean
  /** HubSpot sets the value; a write is refused with READ_ONLY_VALUE. */
  readonly readOnlyValue: boolean
  readonly archivedAt: number | null
  readonly createdAt: number | null
  readonly updatedAt: number | null
}

export interface PropertyGroup {
  readonly name: string
  readonly label: string
  readonly displayOrder: number
  readonly archived: boolean
}

const FIELD_TYPES: Readonly<Record<PropertyType, string>> = {
  string: 'text',
  number: 'number',
  bool: 'booleancheckbox',
  date: 'date',
  datetime: 'date',
  enumeration: 'select',
  phone_number: 'phonenumber',
}

/**
 * A definition with everything filled in that is not said.
 *
 * @example property('seats', { type: 'number', label: 'Seats' })
 */
export function property(
  name: string,
  given: Partial<Omit<PropertyDefinition, 'name' | 'options'>> & {
    options?: readonly (string | PropertyOption)[]
  } = {},
): PropertyDefinition {
  const type = given.type ?? 'string'
  const bool = type === 'bool' && !given.options ? ['true', 'false'] : []
  return {
    label: name,
    description: '',
    groupName: 'custom',
    fieldType: FIELD_TYPES[type],
    displayOrder: -1,
    hasUniqueValue: false,
    hidden: false,
    formField: false,
    calculated: false,
    externalOptions: false,
    hubspotDefined: false,
    dataSensitivity: 'non_sensitive',
    readOnlyValue: false,
    archivedAt: null,
    createdAt: null,
    updatedAt: null,
    ...given,
    name,
    type,
    options: (given.options ?? bool).map((option, at) =>
      typeof option === 'string'
        ? {
            label: bool.length ? (option === 'true' ? 'Yes' : 'No') : option,
            value: option,
            displayOrder: at,
            hidden: false,
          }
        : option,
    ),
  }
}

const LIFECYCLE_STAGES = [
  ['subscriber', 'Subscriber'],
  ['lead', 'Lead'],
  ['marketingqualifiedlead', 'Marketing Qualified Lead'],
  ['salesqualifiedlead', 'Sales Qualified Lead'],
  ['opportunity', 'Opportunity'],
  ['customer', 'Customer'],
  ['evangelist', 'Evangelist'],
  ['other', 'Other'],
].map(([value, label], displayOrder) => ({ value, label, displayOrder, hidden: false }))

/** The group that HubSpot's own properties of an object are in. */
const GROUPS: Readonly<Record<string, PropertyGroup>> = {
  contacts: { name: 'contactinformation', label: 'Contact information', displayOrder: 0, archived: false },
  companies: { name: 'companyinformation', label: 'Company information', displayOrder: 0, archived: false },
  deals: { name: 'dealinformation', label: 'Deal information', displayOrder: 0, archived: false },
  tickets: { name: 'ticketinformation', label: 'Ticket information', displayOrder: 0, archived: false },
  tasks: { name: 'task', label: 'Task Information', displayOrder: 0, archived: false },
  emails: { name: 'email', label: 'Email Information', displayOrder: 0, archived: false },
}

export const baseGroup = (type: string): PropertyGroup =>
  GROUPS[type] ?? { name: 'engagement', label: 'Engagement', displayOrder: 0, archived: false }

const text = (label: string) => ({ label })
const number = (label: string) => ({ label, type: 'number' as const })
const datetime = (label: string) => ({ label, type: 'datetime' as const })
const choice = (label: string, options: readonly string[]) => ({
  label,
  type: 'enumeration' as const,
  options,
})
const readOnly = { readOnlyValue: true }

/** HubSpot's own properties, the ones that matter to a customer's record, a task and an e-mail. */
const OWN: Readonly<Record<string, Readonly<Record<string, Parameters<typeof property>[1]>>>> = {
  contacts: {
    email: { label: 'Email', hasUniqueValue: true },
    firstname: text('First Name'),
    lastname: text('Last Name'),
    phone: { label: 'Phone Number', fieldType: 'phonenumber' },
    mobilephone: { label: 'Mobile Phone Number', fieldType: 'phonenumber' },
    jobtitle: text('Job Title'),
    hs_role: {
      label: 'Employment Role',
      type: 'enumeration',
      options: [
        'accounting',
        'administrative',
        'customer_service',
        'engineering',
        'finance',
        'marketing',
        'operations',
        'sales',
      ],
    },
    company: text('Company Name'),
    country: text('Country/Region'),
    hs_country_region_code: text('Country/Region Code'),
    hs_language: choice('Preferred language', [
      'de',
      'de-de',
      'en',
      'en-gb',
      'en-us',
      'es',
      'fr',
      'it',
      'nl',
      'pt',
    ]),
    hs_timezone: choice('Time Zone', [
      'europe_slash_berlin',
      'europe_slash_london',
      'europe_slash_paris',
      'europe_slash_amsterdam',
      'america_slash_new_york',
      'america_slash_los_angeles',
      'asia_slash_tokyo',
      'australia_slash_sydney',
      'utc',
    ]),
    lifecyclestage: {
      label: 'Lifecycle Stage',
      type: 'enumeration',
      fieldType: 'radio',
      options: LIFECYCLE_STAGES,
    },
    hs_lead_status: choice('Lead Status', ['NEW', 'OPEN', 'IN_PROGRESS', 'CONNECTED', 'UNQUALIFIED']),
    associatedcompanyid: { label: 'Primary Associated Company ID', type: 'number', ...readOnly },
    hs_email_optout: { label: 'Unsubscribed from all email', type: 'bool', ...readOnly },
    hs_email_bounce: { label: 'Marketing emails bounced', type: 'number', ...readOnly },
    hs_calculated_merged_vids: { label: 'Merged vids with timestamps of a contact', ...readOnly },
  },
  companies: {
    name: text('Company name'),
    domain: text('Company Domain Name'),
    website: text('Website URL'),
    phone: { label: 'Phone Number', fieldType: 'phonenumber' },
    industry: choice('Industry', [
      'ACCOUNTING',
      'BANKING',
      'COMPUTER_SOFTWARE',
      'CONSTRUCTION',
      'HOSPITAL_HEALTH_CARE',
      'INSURANCE',
      'LEGAL_SERVICES',
      'RETAIL',
      'TELECOMMUNICATIONS',
      'UTILITIES',
    ]),
    type: choice('Type', ['PROSPECT', 'PARTNER', 'RESELLER', 'VENDOR', 'CUSTOMER', 'OTHER']),
    lifecyclestage: {
      label: 'Lifecycle Stage',
      type: 'enumeration',
      fieldType: 'radio',
      options: LIFECYCLE_STAGES,
    },
    hs_lead_status: choice('Lead Status', ['NEW', 'OPEN', 'IN_PROGRESS', 'CONNECTED', 'UNQUALIFIED']),
    numberofemployees: number('Number of Employees'),
    annualrevenue: { label: 'Annual Revenue', type: 'number', showCurrencySymbol: true },
    country: text('Country/Region'),
    city: text('City'),
    timezone: text('Time Zone'),
    hs_parent_company_id: { label: 'Parent Company', type: 'number', ...readOnly },
    num_associated_contacts: {
      label: 'Number of Associated Contacts',
      type: 'number',
      calculated: true,
      ...readOnly,
    },
    num_associated_deals: {
      label: 'Number of Associated Deals',
      type: 'number',
      calculated: true,
      ...readOnly,
    },
  },
  deals: {
    dealname: text('Deal Name'),
    amount: { label: 'Amount', type: 'number', showCurrencySymbol: true },
    deal_currency_code: choice('Currency', ['EUR', 'USD', 'GBP', 'CHF']),
    closedate: datetime('Close Date'),
    dealstage: {
      label: 'Deal Stage',
      type: 'enumeration',
      fieldType: 'radio',
      externalOptions: true,
      options: [
        'appointmentscheduled',
        'qualifiedtobuy',
        'presentationscheduled',
        'decisionmakerboughtin',
        'contractsent',
        'closedwon',
        'closedlost',
      ],
    },
    pipeline: {
      label: 'Pipeline',
      type: 'enumeration',
      externalOptions: true,
      options: ['default', 'renewals'],
    },
    dealtype: choice('Deal Type', ['newbusiness', 'existingbusiness']),
    hs_is_closed_won: { label: 'Is Closed Won', type: 'bool', calculated: true, ...readOnly },
    description: { label: 'Deal Description', fieldType: 'textarea' },
  },
  tickets: {
    subject: text('Ticket name'),
    content: { label: 'Ticket description', fieldType: 'textarea' },
    hs_pipeline: choice('Pipeline', ['0']),
    hs_pipeline_stage: choice('Ticket status', ['1', '2', '3', '4']),
  },
  tasks: {
    hs_timestamp: datetime('Due date'),
    hs_task_subject: text('Task Title'),
    hs_task_body: { label: 'Task Notes', fieldType: 'html' },
    hs_task_status: choice('Task Status', ['NOT_STARTED', 'IN_PROGRESS', 'WAITING', 'DEFERRED', 'COMPLETED']),
    hs_task_type: choice('Task Type', [
      'EMAIL',
      'CALL',
      'TODO',
      'LINKED_IN_CONNECT',
      'LINKED_IN_MESSAGE',
      'MEETING',
    ]),
    hs_task_priority: choice('Priority', ['NONE', 'LOW', 'MEDIUM', 'HIGH']),
    hs_task_reminders: text('Reminders'),
    hs_queue_membership_ids: choice('Queue', []),
    hs_task_completion_date: datetime('Completed at'),
  },
  emails: {
    hs_timestamp: datetime('Activity date'),
    hs_email_direction: choice('Email Direction', ['EMAIL', 'INCOMING_EMAIL', 'FORWARDED_EMAIL']),
    hs_email_status: choice('Email send status', ['BOUNCED', 'FAILED', 'SCHEDULED', 'SENDING', 'SENT']),
    hs_email_subject: text('Email subject'),
    hs_email_text: { label: 'Email body', fieldType: 'textarea' },
    hs_email_html: { label: 'Email HTML', fieldType: 'html' },
    hs_email_headers: { label: 'Email headers', fieldType: 'textarea' },
    hs_email_from_email: { label: 'Email From Address', ...readOnly },
    hs_email_to_email: { label: 'Email To Address', ...readOnly },
    hs_attachment_ids: text('Attachment IDs'),
  },
  communications: {
    hs_timestamp: datetime('Activity date'),
    hs_communication_channel_type: choice('Channel type', ['WHATS_APP', 'LINKEDIN_MESSAGE', 'SMS']),
    hs_communication_logged_from: choice('Logged from', ['CRM']),
    hs_communication_body: { label: 'Communication body', fieldType: 'html' },
  },
}

const EVERY = {
  hs_object_id: { label: 'Record ID', type: 'number', hasUniqueValue: true, ...readOnly },
  hubspot_owner_id: {
    label: 'Owner',
    type: 'enumeration',
    externalOptions: true,
    referencedObjectType: 'OWNER',
  },
  hs_merged_object_ids: {
    label: 'Merged record IDs',
    type: 'enumeration',
    fieldType: 'checkbox',
    externalOptions: true,
    ...readOnly,
  },
  hs_all_owner_ids: {
    label: 'All owner IDs',
    type: 'enumeration',
    fieldType: 'checkbox',
    externalOptions: true,
    ...readOnly,
  },
} as const

/** The properties that an object has in a portal which nobody touched yet. */
export function standardProperties(type: string): readonly PropertyDefinition[] {
  if (!(type in OBJECT_TYPES)) return []
  const activity = { hs_timestamp: datetime('Activity date') }
  const own = OWN[type] ?? activity
  const times = {
    [createdProperty(type)]: {
      ...datetime('Create Date'),
      readOnlyValue: createdProperty(type) === 'hs_createdate',
    },
    [modifiedProperty(type)]: { ...datetime('Last Modified Date'), ...readOnly },
    ...(type === 'contacts'
      ? { hs_lastmodifieddate: { ...datetime('Object last modified date/time'), hidden: true, ...readOnly } }
      : {}),
  }
  return Object.entries({ ...own, ...times, ...EVERY }).map(([name, given]) =>
    property(name, { groupName: baseGroup(type).name, hubspotDefined: true, ...given }),
  )
}
