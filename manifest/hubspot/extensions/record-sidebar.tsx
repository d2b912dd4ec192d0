import { hubspot } from '@hubspot/ui-extensions'
import { RecordCardView } from './record-card.tsx'

hubspot.extend<'crm.record.sidebar'>(({ context, actions }) => (
  <RecordCardView place="sidebar" record={context.crm} tell={actions.addAlert} close={actions.closeOverlay} />
))
