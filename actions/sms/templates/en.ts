/** The texts in English. Nothing in them says or hints what the model thinks of the customer. */
import type { SmsTemplateSet } from '../wording.ts'

export const english: SmsTemplateSet = {
  stopHint: 'Reply STOP to opt out.',
  help: '{{ sender.company }}: messages about your account. Reply STOP to opt out.',
  actions: {
    sms: '{{ sender.company }}: Hello{% if recipient.name %} {{ recipient.name }}{% endif %}, is everything working as you need it? Just reply, a person reads it.',
    update_payment:
      '{{ sender.company }}: Hello{% if recipient.name %} {{ recipient.name }}{% endif %}, your last payment did not go through. Please check your payment details in your account, or reply to us.',
  },
}
