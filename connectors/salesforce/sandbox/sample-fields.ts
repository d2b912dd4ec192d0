/**
 * What the admins of a B2B subscription company added to Salesforce's own fields: filled by its billing system and its
 * product, by people, and by nobody any more.
 */
import { long, of, pick, text, type GivenField } from './field.ts'
import { CANCELLATIONS } from './sample-account.ts'

type Fields = Readonly<Record<string, GivenField>>

const tracked = { trackHistory: true } as const
const number = (label: string, more: GivenField = {}): GivenField =>
  of('double', { label, precision: 10, scale: 1, ...more })
const percent = (label: string, more: GivenField = {}): GivenField =>
  of('percent', { label, precision: 5, scale: 1, ...more })
const date = (label: string, more: GivenField = {}): GivenField => of('date', { label, ...more })
/** `Label=value`: what people see and what the API says. */
const choices = (label: string, pairs: readonly string[], more: GivenField = {}): GivenField =>
  of('picklist', {
    label,
    values: pairs.map((pair) => {
      const [shown, value] = pair.split('=')
      return { value: value ?? shown, label: shown, active: true, defaultValue: false }
    }),
    ...more,
  })

const BILLING: Fields = {
  Customer_Number__c: text(20, { label: 'Customer Number', externalId: true, help: 'Key in billing' }),
  Customer_Since__c: date('Customer Since'),
  Subscription_Plan__c: pick(['Starter', 'Team', 'Business', 'Enterprise'], { label: 'Subscription Plan' }),
  Subscription_Status__c: pick(['Active', 'Past Due', 'Cancelled'], {
    label: 'Subscription Status',
    ...tracked,
  }),
  Number_of_Seats__c: number('Number of Seats', { scale: 0 }),
  Contract_Term__c: choices('Contract Term', ['Monthly', '12 Months=12', '24 Months=24']),
  Renewal_Date__c: date('Renewal Date'),
  Notice_Period_Days__c: number('Notice Period (Days)', { scale: 0 }),
  Auto_Renewal__c: of('boolean', { label: 'Auto Renewal' }),
  MRR__c: of('currency', { label: 'MRR', help: 'Monthly recurring revenue, from billing', ...tracked }),
  MRR_Change_Percent__c: percent('MRR Change (%)', { help: 'Against a year ago' }),
  Failed_Payments_90d__c: number('Failed Payments (90 Days)', { scale: 0, ...tracked }),
  Churn_Date__c: date('Churn Date'),
  Cancellation_Reason__c: pick(CANCELLATIONS, { label: 'Cancellation Reason' }),
}

const USAGE: Fields = {
  Avg_Daily_Usage_Minutes__c: number('Avg. Daily Usage (Minutes)', tracked),
  Usage_Trend_30d__c: percent('Usage Trend (30 Days)', {
    help: '-20 is 20 % less than the month before',
    ...tracked,
  }),
  Last_Login_Date__c: date('Last Login Date'),
  Engagement_Score__c: number('Engagement Score', { scale: 0 }),
  Support_Cases_30d__c: number('Support Cases (30 Days)', { scale: 0 }),
  Last_Interaction_Sentiment__c: number('Last Interaction Sentiment', {
    scale: 2,
    help: '-1 angry to 1 happy',
  }),
  Email_Response_Rate__c: percent('Email Response Rate'),
  Times_Contacted_90d__c: number('Times Contacted (90 Days)', { scale: 0 }),
  Last_Contact_Date__c: date('Last Contact Date'),
}

/** What orgs gather over the years and nobody dares to delete; some of it came with the trial org. */
const LEGACY: Fields = {
  CustomerPriority__c: pick(['High', 'Medium', 'Low'], { label: 'Customer Priority' }),
  SLA__c: pick(['Gold', 'Silver', 'Platinum', 'Bronze'], { label: 'SLA' }),
  SLAExpirationDate__c: date('SLA Expiration Date'),
  SLASerialNumber__c: text(10, { label: 'SLA Serial Number' }),
  UpsellOpportunity__c: pick(['Maybe', 'No', 'Yes'], { label: 'Upsell Opportunity' }),
  NumberofLocations__c: number('Number of Locations', { scale: 0, precision: 3 }),
  Region_old__c: choices('Region (old)', ['North=N', 'South=S', 'DACH']),
  Import_Batch_2019__c: text(40, { label: 'Import Batch 2019' }),
  Newsletter_Segment__c: of('multipicklist', {
    label: 'Newsletter Segment',
    values: ['Product', 'Events', 'Partner'],
  }),
  CSM_Notes__c: long(32_000, { label: 'CSM Notes' }),
  Time_Zone__c: text(40, { label: 'Time Zone' }),
  IBAN__c: text(40, {
    label: 'IBAN',
    securityClassification: 'Restricted',
    complianceGroup: 'PII;GDPR',
  }),
  /** Encrypted with the probabilistic scheme: read, but neither filtered nor sorted by. */
  Tax_Number__c: text(30, {
    label: 'Tax Number',
    encrypted: true,
    securityClassification: 'Confidential',
    complianceGroup: 'PII',
  }),
  /** Hidden from the integration user by field-level security. */
  Board_Notes__c: text(255, { label: 'Board Notes', readable: false, editable: false }),
}

const CONTACT: Fields = {
  Preferred_Language__c: choices('Preferred Language', ['German=de', 'English=en', 'French=fr', 'Dutch=nl']),
  Time_Zone__c: text(40, { label: 'Time Zone' }),
}

const RENEWAL: Fields = {
  Contract_Start_Date__c: date('Contract Start Date'),
  Contract_Term_Months__c: number('Contract Term (Months)', { scale: 0 }),
  Notice_Date__c: date('Notice Date'),
  Auto_Renewal__c: of('boolean', { label: 'Auto Renewal' }),
  Loss_Reason__c: pick(CANCELLATIONS, { label: 'Loss Reason' }),
}

const CONTRACT: Fields = {
  Monthly_Amount__c: of('currency', { label: 'Monthly Amount', ...tracked }),
  Notice_Date__c: date('Notice Date'),
  Auto_Renewal__c: of('boolean', { label: 'Auto Renewal' }),
}

/** By object. */
export const SAMPLE_FIELDS: Readonly<Record<string, Fields>> = {
  Account: { ...BILLING, ...USAGE, ...LEGACY },
  Contact: CONTACT,
  Opportunity: RENEWAL,
  Contract: CONTRACT,
}
