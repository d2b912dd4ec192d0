/**
 * People answer what reached them, by the hidden truth: reps complete their tasks after a while, e-mails are opened
 * and answered, some unsubscribe, and whatever was done works on the customer's odds of leaving from then on. Some
 * stayed only because nobody called.
 */
import { random, type Random } from '../../models/random.ts'
import type { World } from './agreement.ts'
import type { GivenTask, SentEmail, WorldCrm } from './crm.ts'
import { momentOf } from './life.ts'
import { expectAnswer, expectedAnswers, lifeOf, rememberCustomer, type Life } from './memory.ts'
import type { Truth } from './truth.ts'

export interface Answered {
  readonly completedTasks: number
  readonly openedEmails: number
  readonly unsubscribed: number
}

/** By what names the actions go, in the order of `Truth.oddsRatio`. */
const ACTIONS = ['no_action', 'email', 'sms', 'discount_10', 'discount_20', 'call_discount_30']
/** Months that an action works; a discount as long as it is given. */
const WORKS = { contact: 3, discount: 12 }

/** Notices what was put into the CRM since it last looked, and when somebody will get round to it. */
export function expectAnswers(crm: WorldCrm, world: World, months: number): void {
  for (const { item, kind } of crm.arrived()) {
    const wait = -Math.log(1 - chanceOf(world, idOf(item)).next())
    // A few days for a task, hours to days for a mail.
    const due = months + (kind === 'task' ? 0.05 + 0.12 * wait : 0.01 + 0.04 * wait)
    expectAnswer(crm.memory, item, { due })
  }
}

/** What is due by then is answered. */
export function answerWhatIsDue(crm: WorldCrm, world: World, months: number): Answered {
  const answered = { completedTasks: 0, openedEmails: 0, unsubscribed: 0 }
  const due = [...expectedAnswers(crm.memory)].filter(([, { due: at }]) => at !== null && at <= months)
  for (const [item] of due) {
    expectAnswer(crm.memory, item, { due: null })
    const sent = crm.sent(item)
    const customer = sent?.customer ?? null
    const life = customer === null ? null : lifeOf(crm.memory, customer)
    if (sent === null || customer === null || life === null || life.left !== undefined) continue
    const rng = chanceOf(world, idOf(item)).fork('answer')
    const scene: Scene = { crm, world, months, item, customer, life, rng }
    if (sent.kind === 'task') {
      if (doTask(scene, sent)) answered.completedTasks++
    } else {
      const { opened, unsubscribed } = readEmail(scene, sent)
      if (opened) answered.openedEmails++
      if (unsubscribed) answered.unsubscribed++
    }
  }
  return answered
}

interface Scene {
  readonly crm: WorldCrm
  readonly world: World
  readonly months: number
  readonly item: string
  readonly customer: string
  readonly life: Life
  readonly rng: Random
}

/** @returns whether somebody did it */
function doTask(scene: Scene, { done, assigned, call, action }: GivenTask): boolean {
  const { crm, rng, item, customer, months } = scene
  if (done) return false
  // What belongs to nobody is mostly left undone.
  if (rng.next() > (assigned ? 0.9 : 0.25)) {
    if (rng.next() < 0.5) expectAnswer(crm.memory, item, { due: months + 0.3 + 0.5 * rng.next() })
    return false
  }
  const reached = rng.next() < 0.75
  if (call) crm.logCall(item, customer, reached)
  if (call && !reached && rng.next() < 0.5) {
    // Tried again some days later.
    expectAnswer(crm.memory, item, { due: months + 0.1 + 0.1 * rng.next() })
    return false
  }
  crm.complete(item)
  if (reached || !call) act(scene, action)
  crm.contacted(item, customer)
  return true
}

function readEmail(scene: Scene, email: SentEmail): { opened: boolean; unsubscribed: boolean } {
  const { crm, rng, item, customer } = scene
  const truth = truthOf(scene)
  act(scene, email.action)
  const opened = rng.next() < 0.2 + 0.5 * truth.engagement
  const answers = opened && rng.next() < 0.02 + 0.14 * truth.engagement
  const tired = 0.003 + 0.004 * truth.contacts + (truth.sleepingDog ? 0.06 : 0)
  const unsubscribes = rng.next() < tired
  if (opened) {
    const clicks = rng.next() < 0.25 ? 1 : 0
    crm.opened(item, { opens: 1 + rng.integer(3), clicks })
  }
  const contact = email.contact ?? scene.life.contacts[0]
  if (answers && contact !== undefined) crm.reply(item, customer, contact)
  const fromAll = rng.next() < 0.3
  const unsubscribed = unsubscribes && contact !== undefined && crm.unsubscribe(contact, fromAll)
  return { opened, unsubscribed }
}

/** What was done works from now on, and was one more contact. */
function act(scene: Scene, action: string): void {
  const { crm, world, months, customer } = scene
  // The life as it is by now: several things can be due at once.
  const life = lifeOf(crm.memory, customer) ?? scene.life
  const kind = ACTIONS.indexOf(action)
  const { drift } = momentOf(world, life, months)
  const oddsRatio = truthOf(scene).oddsRatio[kind === -1 ? 1 : kind]
  const until = months + (action.includes('discount') ? WORKS.discount : WORKS.contact)
  rememberCustomer(crm.memory, customer, {
    ...life,
    drift: { ...drift, contacts: drift.contacts + 1 },
    effects: [...(life.effects ?? []), { oddsRatio, until }],
  })
}

function truthOf({ world, life, months }: Scene): Truth {
  return momentOf(world, life, months).truth
}

const idOf = (item: string): string => item.slice(item.indexOf(':') + 1)

/** By the id of what is answered, so that the order in which things come due does not matter. */
const chanceOf = (world: World, id: string): Random =>
  random((numberOf(id) ^ Math.imul(world.seed, 0x85ebca6b)) | 0)

function numberOf(id: string): number {
  if (/^\d+$/.test(id)) return Number(BigInt(id) & 0x7fffffffn)
  // FNV-1a: ids of letters and digits that differ in the last place alone.
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return hash & 0x7fffffff
}
