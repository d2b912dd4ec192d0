/**
 * How far a company is with being set up: five steps, each told by what is stored. What stands by default counts as done
 * only once somebody agreed to it, and what somebody agreed to no more once something about it broke. So it can be left at
 * any time and taken up again, from the app or from the command line.
 */
import type { Connection } from '../store/connections.ts'
import type { SetUpFacts } from '../store/set-up.ts'

export const SETUP_STEPS = ['connect', 'customers', 'mapping', 'levels', 'actions'] as const
export type SetUpStep = (typeof SETUP_STEPS)[number]

export interface SetUpStepState {
  readonly step: SetUpStep
  /** current: the first that is to be done. blocked: something else has to be done before. */
  readonly state: 'done' | 'current' | 'to_do' | 'blocked'
  /** What is in the way, or missing; null: nothing. */
  readonly why: string | null
  /** Who agreed to it, where somebody did. */
  readonly confirmed: { readonly by: string; readonly at: Date } | null
}

export interface SetUpState {
  readonly steps: readonly SetUpStepState[]
  /** Everything that is connected is a sandbox, sample or test account. */
  readonly sandbox: boolean
  readonly activatedAt: Date | null
  /** Why actions cannot be turned on yet; empty: they can. */
  readonly missing: readonly string[]
}

export interface SetUpQuestion extends SetUpFacts {
  readonly connections: readonly Connection[]
  /** Features that the mapping of a connection feeds; 0 before anything is known of its properties. */
  readonly fed: (connection: Connection) => number
  readonly activatedAt: Date | null
}

type Found = Pick<SetUpStepState, 'why'> & { readonly state: 'done' | 'open' | 'blocked' }

/**
 * @example
 * setUpState(facts).steps.find(({ state }) => state === 'current')?.step // 'customers'
 */
export function setUpState(question: SetUpQuestion): SetUpState {
  const { connections, activatedAt, confirmed } = question
  const live = connections.filter(({ status }) => status !== 'disconnected')
  const found: Readonly<Record<SetUpStep, Found>> = {
    connect: connectStep(live),
    customers: customersStep(live),
    mapping: mappingStep(live, question),
    levels: agreedStep('levels', question),
    actions: agreedStep('actions', question),
  }
  let reached = false
  const steps = SETUP_STEPS.map((step): SetUpStepState => {
    const { state, why } = found[step]
    const agreed = step === 'connect' || step === 'customers' ? null : (confirmed[step] ?? null)
    if (state !== 'open') {
      // What comes after something blocked waits with it.
      if (state === 'blocked') reached = true
      return { step, state, why, confirmed: agreed }
    }
    const first = !reached
    reached = true
    return { step, state: first ? 'current' : 'to_do', why, confirmed: agreed }
  })
  return {
    steps,
    sandbox: live.length > 0 && live.every(({ sandbox }) => sandbox),
    activatedAt,
    missing:
      activatedAt === null
        ? steps.flatMap(({ step, state }) => (state === 'done' ? [] : [MISSING[step]]))
        : [],
  }
}

const MISSING: Readonly<Record<SetUpStep, string>> = {
  connect: 'Nothing is connected that can be read.',
  customers: 'Nobody said who counts as a customer.',
  mapping: 'Nobody agreed to what the fields mean.',
  levels: 'Nobody agreed to the levels of risk.',
  actions: 'Nobody agreed to the actions and what they cost.',
}

const done: Found = { state: 'done', why: null }

function connectStep(live: readonly Connection[]): Found {
  if (live.length === 0) return { state: 'open', why: null }
  const usable = live.some(({ status }) => status === 'active' || status === 'paused')
  const [first] = live
  return usable
    ? done
    : {
        state: 'open',
        why: `"${first.name}" has to be signed in to again${first.statusReason === null ? '.' : `: ${first.statusReason}`}`,
      }
}

function customersStep(live: readonly Connection[]): Found {
  if (live.length === 0) return { state: 'blocked', why: 'Connect a CRM or a file first.' }
  const unsaid = live.filter(({ population }) => population === null)
  return unsaid.length === 0
    ? done
    : {
        state: 'open',
        why: `Nobody said who of ${named(unsaid)} counts as a customer, so nobody there is scored.`,
      }
}

function mappingStep(
  live: readonly Connection[],
  { fed, confirmed, activatedAt, syncErrors }: SetUpQuestion,
): Found {
  if (live.length === 0) return { state: 'blocked', why: 'Connect a CRM or a file first.' }
  const unread = live.filter(({ profile }) => profile === null)
  if (unread.length > 0) {
    const error = unread.flatMap(({ id }) => syncErrors.get(id) ?? [])[0]
    return {
      state: 'blocked',
      why:
        error === undefined
          ? `${capital(named(unread))} ${unread.length === 1 ? 'is' : 'are'} being read for the first time.`
          : `${capital(named(unread))} could not be read: ${error}`,
    }
  }
  const empty = live.filter((connection) => fed(connection) === 0)
  if (empty.length > 0)
    return {
      state: 'open',
      why: `No property of ${named(empty)} feeds anything that tells of churn: scores would know next to nothing.`,
    }
  const broken = live.filter(({ notes }) => notes.length > 0)
  if (broken.length > 0)
    return { state: 'open', why: broken.flatMap(({ notes }) => notes.map(({ message }) => message))[0] }
  return confirmed.mapping !== undefined || activatedAt !== null ? done : { state: 'open', why: null }
}

function agreedStep(
  step: 'levels' | 'actions',
  { scored, confirmed, activatedAt, connections }: SetUpQuestion,
): Found {
  if (confirmed[step] !== undefined || activatedAt !== null) return done
  if (scored) return { state: 'open', why: null }
  const said = connections.some(({ population, status }) => population !== null && status === 'active')
  return {
    state: 'blocked',
    why: said
      ? 'Customers are being scored for the first time: the figures come with their scores.'
      : 'Nobody is scored before it is said who counts as a customer.',
  }
}

const named = (connections: readonly Connection[]): string =>
  connections.map(({ name }) => `"${name}"`).join(' and ')
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
