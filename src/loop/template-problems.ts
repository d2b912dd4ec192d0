/** What is wrong with a template that was not saved, as an error that a form can show beside its parts. */
import type { TemplateFault } from '../../actions/liquid.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { SettingsFault } from '../settings/problems.ts'
import { faultWords } from '../settings/service.ts'
import { templatePath, type TemplatePlace } from './templates.ts'

/**
 * @example
 * throw problemsOfDraft({ channel: 'sms', language: 'de', action: 'sms' }, faults)
 */
export function problemsOfDraft(place: TemplatePlace, faults: readonly TemplateFault[]): HoldfastError {
  const fields = faults.map((fault) => ({ path: pathOf(place, fault), message: faultWords(fault) }))
  const cause: SettingsFault = { fields }
  return new HoldfastError(
    'template_invalid',
    `The template cannot be used: ${fields.map(({ message }) => message).join(' ')}`,
    { cause },
  )
}

function pathOf(place: TemplatePlace, { part }: TemplateFault): string {
  const whole = templatePath(place)
  return place.channel === 'email' && part !== null ? `${whole}.${part.toLowerCase()}` : whole
}
