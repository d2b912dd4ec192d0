/** What is sold to accounts, who works on them, and what was done. */
import { long, of, pick, refer, text, type GivenField } from './field.ts'
import type { ObjectDefinition } from './objects.ts'

export const OPPORTUNITY: ObjectDefinition = {
  name: 'Opportunity',
  label: 'Opportunity',
  plural: 'Opportunities',
  prefix: '006',
  fields: {
    AccountId: refer('Account'),
    RecordTypeId: refer('RecordType'),
    Name: text(120, { label: 'Name', required: true, nameField: true }),
    Description: long(32_000),
    StageName: pick(
      [
        'Prospecting',
        'Qualification',
        'Proposal/Price Quote',
        'Negotiation/Review',
        'Closed Won',
        'Closed Lost',
      ],
      { label: 'Stage', required: true, trackHistory: true },
    ),
    Amount: of('currency', { precision: 18, scale: 2, trackHistory: true }),
    Probability: of('percent', { precision: 3, scale: 0 }),
    ExpectedRevenue: of('currency', { calculated: true }),
    TotalOpportunityQuantity: of('double', { label: 'Quantity' }),
    CloseDate: of('date', { required: true, trackHistory: true }),
    Type: pick(['New Business', 'Renewal', 'Upsell', 'Downgrade'], { label: 'Opportunity Type' }),
    NextStep: text(255),
    LeadSource: pick(['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
    IsClosed: of('boolean', { calculated: true, label: 'Closed' }),
    IsWon: of('boolean', { calculated: true, label: 'Won' }),
    ForecastCategoryName: pick(['Omitted', 'Pipeline', 'Best Case', 'Commit', 'Closed'], {
      label: 'Forecast Category',
    }),
    OwnerId: refer('User', { required: true }),
    ContractId: refer('Contract'),
    LastActivityDate: of('date', { calculated: true }),
    FiscalYear: of('int', { calculated: true }),
    FiscalQuarter: of('int', { calculated: true }),
  },
}

export const CONTRACT: ObjectDefinition = {
  name: 'Contract',
  label: 'Contract',
  plural: 'Contracts',
  prefix: '800',
  fields: {
    AccountId: refer('Account', { required: true }),
    RecordTypeId: refer('RecordType'),
    OwnerExpirationNotice: pick(['15', '30', '45', '60', '90', '120']),
    StartDate: of('date', { label: 'Contract Start Date' }),
    EndDate: of('date', { label: 'Contract End Date', calculated: true }),
    ContractTerm: of('int', { label: 'Contract Term' }),
    OwnerId: refer('User', { required: true }),
    Status: pick(['In Approval Process', 'Activated', 'Draft', 'Terminated', 'Expired'], {
      required: true,
      defaultValue: 'Draft',
      trackHistory: true,
    }),
    StatusCode: pick(['Draft', 'InApproval', 'Activated', 'Terminated', 'Expired'], {
      calculated: true,
      label: 'Status Category',
    }),
    CompanySignedDate: of('date'),
    CustomerSignedId: refer('Contact', { relationship: 'CustomerSigned' }),
    CustomerSignedDate: of('date'),
    SpecialTerms: long(4_000),
    Description: long(32_000),
    ContractNumber: text(30, { autoNumber: true, required: true, nameField: true }),
    ActivatedDate: of('datetime', { calculated: true }),
  },
}

export const CASE: ObjectDefinition = {
  name: 'Case',
  label: 'Case',
  plural: 'Cases',
  prefix: '500',
  merges: true,
  fields: {
    CaseNumber: text(30, { autoNumber: true, required: true, nameField: true }),
    AccountId: refer('Account'),
    ContactId: refer('Contact'),
    Type: pick(['Problem', 'Feature Request', 'Question', 'Cancellation'], { label: 'Case Type' }),
    Status: pick(['New', 'Working', 'Escalated', 'Closed'], { defaultValue: 'New' }),
    Reason: pick(['Installation', 'Performance', 'Breakdown', 'Billing', 'Other'], { label: 'Case Reason' }),
    Origin: pick(['Phone', 'Email', 'Web'], { label: 'Case Origin' }),
    Subject: text(255),
    Priority: pick(['High', 'Medium', 'Low'], { defaultValue: 'Medium' }),
    Description: long(32_000),
    IsClosed: of('boolean', { calculated: true }),
    ClosedDate: of('datetime', { calculated: true }),
    IsEscalated: of('boolean'),
    OwnerId: refer(['Group', 'User'], { required: true }),
  },
}

const activity = (
  name: string,
  prefix: string,
  fields: Readonly<Record<string, GivenField>>,
): ObjectDefinition => ({
  name,
  label: name,
  plural: `${name}s`,
  prefix,
  fields: {
    WhoId: refer(['Contact', 'Lead'], { label: 'Name ID', relationship: 'Who' }),
    WhatId: refer(['Account', 'Opportunity', 'Contract', 'Case', 'Retention_Intervention__c'], {
      label: 'Related To ID',
      relationship: 'What',
    }),
    Subject: of('combobox', {
      values: ['Call', 'Email', 'Send Letter', 'Send Quote', 'Other'],
      nameField: true,
    }),
    OwnerId: refer('User', { required: true, label: 'Assigned To ID' }),
    Description: long(32_000, { label: 'Comments' }),
    AccountId: refer('Account', { calculated: true }),
    RecordTypeId: refer('RecordType'),
    IsArchived: of('boolean', { calculated: true }),
    ReminderDateTime: of('datetime'),
    IsReminderSet: of('boolean'),
    ...fields,
  },
})

export const ACTIVITIES: readonly ObjectDefinition[] = [
  activity('Task', '00T', {
    ActivityDate: of('date', { label: 'Due Date Only' }),
    Status: pick(['Not Started', 'In Progress', 'Completed', 'Waiting on someone else', 'Deferred'], {
      required: true,
      defaultValue: 'Not Started',
    }),
    Priority: pick(['High', 'Normal', 'Low'], { required: true, defaultValue: 'Normal' }),
    IsHighPriority: of('boolean', { calculated: true }),
    IsClosed: of('boolean', { calculated: true }),
    CompletedDateTime: of('datetime', { calculated: true }),
    TaskSubtype: pick(['Task', 'Email', 'ListEmail', 'Cadence', 'Call', 'LinkedIn'], {
      restricted: true,
      updateable: false,
      defaultValue: 'Task',
    }),
    Type: pick(['Call', 'Email', 'Meeting', 'Other']),
    CallDurationInSeconds: of('int'),
    CallType: pick(['Internal', 'Inbound', 'Outbound']),
    CallDisposition: text(255),
    CallObject: text(255),
  }),
  activity('Event', '00U', {
    Location: text(255),
    IsAllDayEvent: of('boolean'),
    ActivityDateTime: of('datetime'),
    ActivityDate: of('date'),
    DurationInMinutes: of('int'),
    StartDateTime: of('datetime'),
    EndDateTime: of('datetime'),
    ShowAs: pick(['Busy', 'OutOfOffice', 'Free'], { defaultValue: 'Busy' }),
  }),
]

const CONTACT_ROLES = [
  'Business User',
  'Decision Maker',
  'Economic Buyer',
  'Economic Decision Maker',
  'Evaluator',
  'Executive Sponsor',
  'Influencer',
  'Technical Buyer',
  'Other',
]

export const ROLES: readonly ObjectDefinition[] = [
  {
    name: 'AccountTeamMember',
    label: 'Account Team Member',
    plural: 'Account Team Member',
    prefix: '01M',
    fields: {
      AccountId: refer('Account', { required: true, updateable: false }),
      UserId: refer('User', { required: true, updateable: false }),
      TeamMemberRole: pick(['Account Manager', 'Customer Success Manager', 'Executive Sponsor', 'Sales Rep']),
      Title: text(80, { calculated: true }),
      AccountAccessLevel: pick(['Read', 'Edit'], { defaultValue: 'Read' }),
    },
  },
  {
    name: 'AccountContactRelation',
    label: 'Account Contact Relationship',
    plural: 'Account Contact Relationship',
    prefix: '07k',
    fields: {
      AccountId: refer('Account', { required: true, updateable: false }),
      ContactId: refer('Contact', { required: true, updateable: false }),
      Roles: of('multipicklist', { values: CONTACT_ROLES }),
      IsDirect: of('boolean', { calculated: true }),
      IsActive: of('boolean', { defaultValue: true }),
      StartDate: of('date'),
      EndDate: of('date'),
    },
  },
  {
    name: 'AccountContactRole',
    label: 'Account Contact Role',
    plural: 'Account Contact Role',
    prefix: '02Z',
    fields: {
      AccountId: refer('Account', { required: true, updateable: false }),
      ContactId: refer('Contact', { required: true }),
      Role: pick(CONTACT_ROLES),
      IsPrimary: of('boolean'),
    },
  },
  {
    name: 'OpportunityContactRole',
    label: 'Opportunity Contact Role',
    plural: 'Opportunity Contact Role',
    prefix: '00K',
    fields: {
      OpportunityId: refer('Opportunity', { required: true, updateable: false }),
      ContactId: refer('Contact', { required: true }),
      Role: pick(CONTACT_ROLES),
      IsPrimary: of('boolean'),
    },
  },
]
