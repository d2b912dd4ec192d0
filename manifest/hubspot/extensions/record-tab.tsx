import { hubspot } from '@hubspot/ui-extensions'
import { RecordCardView } from './record-card.tsx'

hubspot.extend<'crm.record.tab'>(({ context, actions }) => (
  <RecordCardView place="tab" record={context.crm} tell={actions.addAlert} close={actions.closeOverlay} />
))
