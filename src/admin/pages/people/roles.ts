/** The roles in words, in the order of what they may. */
import type { PersonAnswer } from '../../../server/api/people.ts'

export type Role = PersonAnswer['role']

export const ROLES: Readonly<Record<Role, { readonly word: string; readonly may: string }>> = {
  viewer: { word: 'Viewer', may: 'Looks. Names, addresses and messages of people are masked.' },
  operator: { word: 'Operator', may: 'Also approves, rejects, snoozes, holds and pauses.' },
  admin: { word: 'Admin', may: 'Also changes settings, connections, people and keys, and erases.' },
}

export const ROLE_ORDER = Object.keys(ROLES) as readonly Role[]
