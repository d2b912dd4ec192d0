/** Who sees on the record in the CRM what Holdfast says of it, and who may answer there. */
import { z } from 'zod'
import { ROLES, type Role } from '../security/access.ts'
import { field } from './field.ts'

export const cardSettings = z
  .strictObject({
    shown: field(
      z.enum(['everybody', 'concerned']).default('everybody'),
      'Who sees risk and suggestion on the record in the CRM. Messages and names of people are shown to whoever is responsible, and to operators and admins of Holdfast, in any case only to them',
      'everybody or concerned',
      {
        title: 'Shown on the record to',
        labels: {
          everybody: 'Everybody who opens the record',
          concerned: 'Whoever is responsible, and people of Holdfast',
        },
      },
    ),
    answers: field(
      z.enum(['responsible', 'everybody', 'operators']).default('responsible'),
      'Who may approve, snooze or take back a suggestion on the record in the CRM',
      'responsible, everybody or operators',
      {
        title: 'Answered on the record by',
        labels: {
          responsible: 'Whoever is responsible, and operators and admins of Holdfast',
          everybody: 'Everybody who opens the record',
          operators: 'Operators and admins of Holdfast alone',
        },
      },
    ),
  })
  .prefault({})

export type CardSettings = z.infer<typeof cardSettings>

/** Somebody at a record. */
export interface AtRecord {
  /** They are whom the CRM names as responsible for it. */
  readonly responsible: boolean
  /** In Holdfast; null: they do not sign in here. */
  readonly role: Role | null
}

/**
 * @example
 * maySee({ shown: 'concerned', answers: 'responsible' }, { responsible: false, role: null }) // false
 */
export function maySee({ shown }: CardSettings, { responsible, role }: AtRecord): boolean {
  return shown === 'everybody' || responsible || role !== null
}

/**
 * @example
 * mayAnswer({ shown: 'everybody', answers: 'responsible' }, { responsible: true, role: null }) // true
 */
export function mayAnswer({ answers }: CardSettings, { responsible, role }: AtRecord): boolean {
  const operates = role !== null && ROLES.indexOf(role) >= ROLES.indexOf('operator')
  return operates || answers === 'everybody' || (answers === 'responsible' && responsible)
}

/** Why somebody may not. */
export const ANSWERED_BY: Readonly<Record<CardSettings['answers'], string>> = {
  responsible: 'Whoever is responsible for this customer answers, or an operator of Holdfast.',
  everybody: '',
  operators: 'Operators of Holdfast answer here.',
}
