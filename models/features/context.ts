/**
 * What the policy and the plan know of a customer besides the churn score. A file that lacks a column leaves
 * its values unknown (NaN): never zero, never random.
 */
import type { Feature } from '../../src/contracts/features.ts'
import type { ColumnRequest, TableBatch, TableProfile } from '../../src/contracts/table.ts'
import { canonical } from './dictionary.ts'
import { frameReader } from './frame.ts'
import type { FrameOptions, Gap } from './frame.ts'
import type { Mapping } from './mapping-file.ts'
import { DAYS_PER_MONTH } from './units.ts'

/** One array a column, each as long as the batch; NaN is unknown. */
export interface PolicyContext {
  /** Months that the customer is bound for: 1 (month-to-month), 12 or 24. */
  readonly contractMonths: Float32Array
  /** Rank of the product tier, 0 (basic), .5, 1 (top). */
  readonly tier: Float32Array
  readonly tenureMonths: Float32Array
  /** Major units of the file's currency, for a month. */
  readonly monthlyCharge: Float32Array
  readonly interventions: Float32Array
  readonly daysSinceContact: Float32Array
  /** 0 to 1. */
  readonly responseRate: Float32Array
  /** 0 to 100. */
  readonly engagement: Float32Array
  /** Months to the notice date; where the file has none, to the renewal less the notice period. Never negative. */
  readonly monthsToNotice: Float32Array
  /** 1 may be contacted that way, 0 may not, NaN unknown. */
  readonly emailConsent: Float32Array
  readonly smsConsent: Float32Array
  readonly callConsent: Float32Array
  readonly profilingConsent: Float32Array
  /** 1: a dispute is open. */
  readonly openDispute: Float32Array
  readonly paymentFailures: Float32Array
  /** 0 to 1. */
  readonly discountInForce: Float32Array
  /** 1: somebody of ours is negotiating with the customer. */
  readonly openNegotiation: Float32Array
  /** 1: in a running sequence of messages. */
  readonly runningSequence: Float32Array
  /** How many are open. */
  readonly urgentTicket: Float32Array
  /** 1: a minor, or in need of protection. */
  readonly vulnerable: Float32Array
}

/** Canonical features from which each value is read. */
export const contextSources: Readonly<Record<keyof PolicyContext, readonly string[]>> = {
  contractMonths: ['contract'],
  tier: ['productTier'],
  tenureMonths: ['tenureMonths'],
  monthlyCharge: ['recurringAmount'],
  interventions: ['interventions'],
  daysSinceContact: ['daysSinceContact'],
  responseRate: ['responseRate'],
  engagement: ['engagement'],
  monthsToNotice: ['monthsToNotice', 'monthsToRenewal', 'noticePeriodDays'],
  emailConsent: ['emailConsent'],
  smsConsent: ['smsConsent'],
  callConsent: ['callConsent'],
  profilingConsent: ['profilingConsent'],
  openDispute: ['openDispute'],
  paymentFailures: ['paymentFailures'],
  discountInForce: ['discountInForce'],
  openNegotiation: ['openNegotiation'],
  runningSequence: ['runningSequence'],
  urgentTicket: ['urgentTicket'],
  vulnerable: ['vulnerable'],
}

export interface ContextReader {
  readonly requests: readonly ColumnRequest[]
  /** What the file lacks. */
  readonly gaps: readonly Gap[]
  /** Arrays that the next call overwrites; `first` as in {@link frameReader}. */
  read(batch: TableBatch, first?: number): PolicyContext
}

const names = [
  'contract',
  'productTier',
  'tenureMonths',
  'recurringAmount',
  'interventions',
  'daysSinceContact',
  'responseRate',
  'engagement',
  'monthsToNotice',
  'monthsToRenewal',
  'noticePeriodDays',
  'emailConsent',
  'smsConsent',
  'callConsent',
  'profilingConsent',
  'openDispute',
  'paymentFailures',
  'discountInForce',
  'openNegotiation',
  'runningSequence',
  'urgentTicket',
  'vulnerable',
]

/** The canonical features that feed the policy, as a feature set of their own. */
export const contextFeatures: readonly Feature[] = names.map((name) => canonicalFeature(name))

/**
 * The columns of a file that feed the policy: canonical feature -> header.
 *
 * @example
 * contextColumns(mapping).get('tenureMonths') // 'tenure'
 */
export function contextColumns(mapping: Mapping): ReadonlyMap<string, string> {
  const wanted = new Set(names)
  return new Map(
    mapping.columns
      .filter(({ use, feature }) => (use === 'feature' || use === 'context') && wanted.has(feature ?? ''))
      .map(({ feature = '', column }) => [feature, column]),
  )
}

/**
 * @example
 * const context = contextReader(profile, mapping)
 * const { tenureMonths } = context.read(batch, frames.requests.length)
 */
export function contextReader(
  profile: TableProfile,
  mapping: Mapping,
  options: FrameOptions = {},
): ContextReader {
  const reader = frameReader(contextFeatures, profile, mapping, options)
  return {
    requests: reader.requests,
    gaps: reader.gaps,
    read(batch, first) {
      const { columns } = reader.read(batch, first).frame
      const column = (name: string): Float32Array => columns[names.indexOf(name)]
      const contractMonths = column('contract')
      const tier = column('productTier')
      const monthsToNotice = column('monthsToNotice')
      const renewal = column('monthsToRenewal')
      const period = column('noticePeriodDays')
      for (let row = 0; row < batch.rows; row++) {
        // Codes 0, 1, 2 become 1, 12, 24 months, and ranks 0, .5, 1; NaN stays.
        contractMonths[row] = contractMonths[row] === 0 ? 1 : contractMonths[row] * 12
        tier[row] /= 2
        const notice = monthsToNotice[row]
        const days = period[row] === period[row] ? period[row] : 0
        const ahead = notice === notice ? notice : renewal[row] - days / DAYS_PER_MONTH
        monthsToNotice[row] = ahead < 0 ? 0 : ahead
      }
      return {
        contractMonths,
        tier,
        tenureMonths: column('tenureMonths'),
        monthlyCharge: column('recurringAmount'),
        interventions: column('interventions'),
        daysSinceContact: column('daysSinceContact'),
        responseRate: column('responseRate'),
        engagement: column('engagement'),
        monthsToNotice,
        emailConsent: column('emailConsent'),
        smsConsent: column('smsConsent'),
        callConsent: column('callConsent'),
        profilingConsent: column('profilingConsent'),
        openDispute: column('openDispute'),
        paymentFailures: column('paymentFailures'),
        discountInForce: column('discountInForce'),
        openNegotiation: column('openNegotiation'),
        runningSequence: column('runningSequence'),
        urgentTicket: column('urgentTicket'),
        vulnerable: column('vulnerable'),
      }
    },
  }
}

function canonicalFeature(name: string): Feature {
  const entry = canonical(name)!
  const base = { name, label: entry.label }
  if (entry.kind === 'category') {
    return { ...base, kind: 'category', categories: (entry.categories ?? []).map(({ value }) => value) }
  }
  return { ...base, kind: 'number', ...(entry.unit === undefined ? {} : { unit: entry.unit }) }
}
