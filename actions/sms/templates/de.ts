/** The texts in German, with the formal "Sie". Nothing in them says or hints what the model thinks of the customer. */
import type { SmsTemplateSet } from '../wording.ts'

export const german: SmsTemplateSet = {
  stopHint: 'Abmelden: STOP antworten.',
  help: '{{ sender.company }}: Nachrichten zu Ihrem Vertrag. Abmelden: STOP antworten.',
  actions: {
    sms: '{{ sender.company }}: Guten Tag{% if recipient.name %} {{ recipient.name }}{% endif %}, läuft alles, wie Sie es brauchen? Antworten Sie einfach, ein Mensch liest es.',
    update_payment:
      '{{ sender.company }}: Guten Tag{% if recipient.name %} {{ recipient.name }}{% endif %}, Ihre letzte Zahlung kam nicht an. Bitte prüfen Sie die Zahlungsdaten in Ihrem Konto, oder antworten Sie uns.',
  },
}
