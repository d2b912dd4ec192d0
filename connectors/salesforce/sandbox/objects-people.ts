/** Accounts, contacts and what they agreed to. */
import { long, of, pick, refer, text, type GivenField } from './field.ts'
import type { ObjectDefinition } from './objects.ts'

const INDUSTRIES = [
  'Agriculture',
  'Banking',
  'Consulting',
  'Education',
  'Energy',
  'Finance',
  'Healthcare',
  'Insurance',
  'Manufacturing',
  'Media',
  'Retail',
  'Technology',
  'Telecommunications',
  'Transportation',
  'Other',
]

/** The parts of an address, and the compound that they make together. */
const address = (name: string): Record<string, GivenField> => ({
  [`${name}Street`]: { type: 'textarea', length: 255, compound: `${name}Address` },
  [`${name}City`]: text(40, { compound: `${name}Address` }),
  [`${name}State`]: text(80, { compound: `${name}Address` }),
  [`${name}PostalCode`]: text(20, { compound: `${name}Address` }),
  [`${name}Country`]: text(80, { compound: `${name}Address` }),
  [`${name}Latitude`]: of('double', { precision: 18, scale: 15, compound: `${name}Address` }),
  [`${name}Longitude`]: of('double', { precision: 18, scale: 15, compound: `${name}Address` }),
  [`${name}Address`]: of('address'),
})

const SALUTATIONS = ['Mr.', 'Ms.', 'Mrs.', 'Dr.', 'Prof.', 'Mx.']

export const ACCOUNT: ObjectDefinition = {
  name: 'Account',
  label: 'Account',
  plural: 'Accounts',
  prefix: '001',
  merges: true,
  fields: {
    Name: text(255, { label: 'Account Name', required: true, nameField: true }),
    Type: pick(['Prospect', 'Customer', 'Former Customer', 'Partner', 'Competitor', 'Other'], {
      label: 'Account Type',
    }),
    RecordTypeId: refer('RecordType'),
    ParentId: refer('Account', { label: 'Parent Account ID' }),
    ...address('Billing'),
    ...address('Shipping'),
    Phone: of('phone', { label: 'Account Phone' }),
    Fax: of('phone', { label: 'Account Fax' }),
    AccountNumber: text(40),
    Website: of('url'),
    PhotoUrl: of('url', { calculated: true }),
    Sic: text(20, { label: 'SIC Code' }),
    Industry: pick(INDUSTRIES),
    AnnualRevenue: of('currency', { precision: 18, scale: 0 }),
    NumberOfEmployees: of('int', { label: 'Employees' }),
    Ownership: pick(['Public', 'Private', 'Subsidiary', 'Other']),
    Rating: pick(['Hot', 'Warm', 'Cold'], { label: 'Account Rating' }),
    Site: text(80, { label: 'Account Site' }),
    Description: long(32_000, { label: 'Account Description' }),
    OwnerId: refer('User', { required: true, trackHistory: true }),
    AccountSource: pick(['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
    LastActivityDate: of('date', { calculated: true, label: 'Last Activity' }),
    LastViewedDate: of('datetime', { calculated: true }),
    Jigsaw: text(20, { label: 'Data.com Key' }),
  },
}

export const CONTACT: ObjectDefinition = {
  name: 'Contact',
  label: 'Contact',
  plural: 'Contacts',
  prefix: '003',
  merges: true,
  fields: {
    AccountId: refer('Account'),
    LastName: text(80, { required: true, compound: 'Name' }),
    FirstName: text(40, { compound: 'Name' }),
    Salutation: pick(SALUTATIONS, { length: 40, compound: 'Name' }),
    Name: text(121, { label: 'Full Name', calculated: true, nameField: true }),
    RecordTypeId: refer('RecordType'),
    ...address('Other'),
    ...address('Mailing'),
    Phone: of('phone', { label: 'Business Phone' }),
    Fax: of('phone', { label: 'Business Fax' }),
    MobilePhone: of('phone'),
    HomePhone: of('phone'),
    OtherPhone: of('phone'),
    AssistantPhone: of('phone', { label: 'Asst. Phone' }),
    ReportsToId: refer('Contact', { label: 'Reports To ID' }),
    Email: of('email'),
    Title: text(128),
    Department: text(80),
    AssistantName: text(40),
    LeadSource: pick(['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
    Birthdate: of('date'),
    Description: long(32_000, { label: 'Contact Description' }),
    OwnerId: refer('User', { required: true }),
    HasOptedOutOfEmail: of('boolean', { label: 'Email Opt Out', trackHistory: true }),
    HasOptedOutOfFax: of('boolean', { label: 'Fax Opt Out' }),
    DoNotCall: of('boolean', { trackHistory: true }),
    LastActivityDate: of('date', { calculated: true, label: 'Last Activity' }),
    LastCURequestDate: of('datetime', { calculated: true, label: 'Last Stay-in-Touch Request Date' }),
    EmailBouncedReason: text(255),
    EmailBouncedDate: of('datetime'),
    IsEmailBounced: of('boolean', { calculated: true }),
    IndividualId: refer('Individual'),
  },
}

/** By field of a person account, the field of its contact. */
export const PERSON_FIELDS: Readonly<Record<string, string>> = {
  FirstName: 'FirstName',
  LastName: 'LastName',
  Salutation: 'Salutation',
  PersonEmail: 'Email',
  PersonMobilePhone: 'MobilePhone',
  PersonHomePhone: 'HomePhone',
  PersonOtherPhone: 'OtherPhone',
  PersonTitle: 'Title',
  PersonDepartment: 'Department',
  PersonBirthdate: 'Birthdate',
  PersonLeadSource: 'LeadSource',
  PersonHasOptedOutOfEmail: 'HasOptedOutOfEmail',
  PersonHasOptedOutOfFax: 'HasOptedOutOfFax',
  PersonDoNotCall: 'DoNotCall',
  PersonIndividualId: 'IndividualId',
  ...Object.fromEntries(
    ['Mailing', 'Other'].flatMap((kind) =>
      Object.keys(address(kind))
        .filter((part) => !part.endsWith('Address'))
        .map((part) => [`Person${part}`, part]),
    ),
  ),
}

/**
 * What orgs with person accounts have beside.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_guidelines_personaccounts.htm
 */
export const PERSON: Readonly<Record<string, GivenField>> = {
  IsPersonAccount: of('boolean', { calculated: true }),
  PersonContactId: refer('Contact', { calculated: true, label: 'Contact ID' }),
  ...Object.fromEntries(
    Object.entries(PERSON_FIELDS).map(([name, of_]) => [
      name,
      {
        ...CONTACT.fields[of_],
        required: false,
        label: CONTACT.fields[of_].label ?? of_.replace(/([a-z])([A-Z])/g, '$1 $2'),
        ...(name === of_
          ? {}
          : CONTACT.fields[of_].compound
            ? { compound: `Person${CONTACT.fields[of_].compound}` }
            : {}),
      },
    ]),
  ),
  PersonMailingAddress: of('address'),
  PersonOtherAddress: of('address'),
}

export const INDIVIDUAL: ObjectDefinition = {
  name: 'Individual',
  label: 'Individual',
  plural: 'Individuals',
  prefix: '0PK',
  merges: true,
  fields: {
    OwnerId: refer('User', { required: true }),
    LastName: text(80, { required: true, compound: 'Name' }),
    FirstName: text(40, { compound: 'Name' }),
    Salutation: pick(SALUTATIONS, { length: 40, compound: 'Name' }),
    Name: text(121, { calculated: true, nameField: true }),
    HasOptedOutTracking: of('boolean', { label: "Don't Track" }),
    HasOptedOutProfiling: of('boolean', { label: "Don't Profile" }),
    HasOptedOutProcessing: of('boolean', { label: "Don't Process" }),
    HasOptedOutSolicit: of('boolean', { label: "Don't Market" }),
    ShouldForget: of('boolean', { label: 'Forget this Individual' }),
    SendIndividualData: of('boolean', { label: "Export Individual's Data" }),
    CanStorePiiElsewhere: of('boolean', { label: 'OK to Store PII Data Elsewhere' }),
    HasOptedOutGeoTracking: of('boolean', { label: 'Block Geolocation Tracking' }),
    BirthDate: of('date'),
    IndividualsAge: pick(['13 or Older', '16 or Older', '18 or Older'], { label: "Individual's Age" }),
  },
}
