/** What keeps everything automatic from a customer, and the button of whoever has looked. */
import { z } from 'zod'
import type { CustomerId } from '../../contracts/ids.ts'
import { customerToHold, holdCustomer, releaseHolds, type Hold } from '../../store/holds.ts'
import type { Route } from '../route.ts'
import { button } from './form.ts'
import { html, type Markup, type Piece } from './html.ts'
import { sentence } from './notices.ts'
import type { Place } from './place.ts'
import { ofCompany, pressed } from './pressed.ts'

const KINDS: Readonly<Record<Hold['kind'], string>> = {
  replied: 'Answered',
  complained: 'Complained',
  dispute: 'Dispute',
  negotiation: 'In negotiation',
  by_hand: 'Held by hand',
}

export function holdsPart(customer: CustomerId, holds: readonly Hold[], place: Place): Piece {
  if (holds.length === 0) return null
  const lines = holds.map(
    ({ kind, reason, createdAt, until }) =>
      html`<p>
        ${KINDS[kind]} ${place.formats.when(createdAt)}:
        ${sentence(reason)}${until !== null && html` Until ${place.formats.when(until)}.`}
      </p>`,
  )
  return html`<div class="notice wait">
    <p class="strong">Nothing automatic happens for this customer until somebody has looked</p>
    ${lines}
    ${
      place.may('operator') &&
      button({
        action: `/customers/${customer}/release`,
        label: 'I have looked: let it go on',
        fields: { company: place.tenant.id, back: `/customers/${customer}` },
      })
    }
  </div>`
}

/** The quiet way to keep everything automatic from a customer. */
export function holdForm(customer: CustomerId, place: Place): Markup {
  return html`<details class="pause">
    <summary>Hold back…</summary>
    <div>
      <p class="note">Nothing automatic happens for this customer until somebody lets it go on.</p>
      ${button({
        action: `/customers/${customer}/hold`,
        label: 'Hold back',
        fields: { company: place.tenant.id, back: `/customers/${customer}` },
        before: html`<label
          ><span class="only-reader">Why</span
          ><input type="text" name="reason" maxlength="300" required placeholder="Why: an open contract talk"
        /></label>`,
      })}
    </div>
  </details>`
}

const params = z.strictObject({ id: z.coerce.number().int().positive() })
const back = z.string().regex(/^\/customers\/\d{1,16}$/)
const next = (body: { readonly back: string }): string => body.back

export const holdButtons: readonly Route[] = [
  pressed({
    path: '/customers/{id}/hold',
    summary: 'Holds everything automatic back for a customer',
    role: 'operator',
    action: 'customer.hold',
    params,
    body: ofCompany.extend({ back, reason: z.string().trim().min(1, 'has to say why').max(300) }),
    object: ({ params }) => String(params.id),
    detail: () => ({ kind: 'by_hand' }),
    work: async (tx, { params, body, caller }) => {
      const customer = await customerToHold(tx, params.id)
      await holdCustomer(tx, { customer, kind: 'by_hand', reason: body.reason, actor: caller.actor })
    },
    next,
  }),
  pressed({
    path: '/customers/{id}/release',
    summary: 'Ends everything that holds a customer back',
    role: 'operator',
    action: 'customer.release',
    params,
    body: ofCompany.extend({ back }),
    object: ({ params }) => String(params.id),
    work: async (tx, { params, caller }) => {
      await releaseHolds(tx, await customerToHold(tx, params.id), caller.actor)
    },
    next,
  }),
]
