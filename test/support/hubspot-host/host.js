/**
 * HubSpot's side of a page that is built for it, in a browser: React and the components that HubSpot brings along, drawn plainly.
 * What is built knows `React`, `RemoteUI`, `extend_V2` and `hsFetch` of it, and nothing of the browser.
 */
;(() => {
  const { createElement: h, useState, useEffect } = React
  const SPACE = { xs: 4, sm: 8, md: 16, lg: 24 }
  const opened = new Set()
  const listening = new Set()
  const openOverlay = (id, open) => {
    if (open) opened.add(id)
    else opened.delete(id)
    for (const draw of listening) draw((n) => n + 1)
  }
  const useOverlays = () => {
    const [, draw] = useState(0)
    useEffect(() => {
      listening.add(draw)
      return () => listening.delete(draw)
    }, [])
  }

  function press({ onClick, disabled, loading, variant = 'secondary', size, overlay, href, children }) {
    useOverlays()
    const id = overlay?.props.id
    const click = () => {
      if (id !== undefined) openOverlay(id, true)
      onClick?.()
    }
    const words = loading ? ['… ', children] : [children]
    return h(
      React.Fragment,
      null,
      h(
        'button',
        {
          type: 'button',
          className: `${variant} ${size ?? ''}`,
          disabled,
          onClick: click,
          'data-href': href?.url,
        },
        ...words,
      ),
      id !== undefined && opened.has(id) ? h('div', { className: 'over' }, overlay) : null,
    )
  }
  const labelled =
    (draw) =>
    ({ label, description, validationMessage, error, ...props }) =>
      h(
        'label',
        { className: 'field' },
        h('span', null, label, props.required ? ' *' : ''),
        draw(props),
        description ? h('small', null, description) : null,
        validationMessage ? h('small', { className: error ? 'wrong' : '' }, validationMessage) : null,
      )
  const box =
    (tag, className) =>
    ({ children }) =>
      h(tag, { className }, children)
  const state =
    (className) =>
    ({ title, children }) =>
      h('div', { className }, h('h3', null, title), children)

  const DRAWN = {
    Flex: ({ direction = 'row', gap = 'flush', children }) =>
      h('div', { style: { display: 'flex', flexDirection: direction, gap: SPACE[gap] ?? 0 } }, children),
    Inline: ({ gap = 'sm', align, children }) =>
      h(
        'div',
        { className: 'inline', style: { gap: SPACE[gap] ?? 0, alignItems: align ?? 'center' } },
        children,
      ),
    Text: ({ variant, format, inline, children }) =>
      h(inline ? 'span' : 'p', { className: `${variant ?? ''} ${format?.fontWeight ?? ''}` }, children),
    Heading: box('h3', ''),
    Button: press,
    LoadingButton: press,
    ButtonRow: box('div', 'inline row'),
    Link: ({ href, children }) => h('a', { href: typeof href === 'string' ? href : href.url }, children),
    Alert: ({ title, variant = 'info', children }) =>
      h(
        'div',
        { role: 'alert', className: `alert ${variant}` },
        h('strong', null, title),
        h('div', null, children),
      ),
    Divider: () => h('hr'),
    List: ({ children }) =>
      h(
        'ul',
        null,
        React.Children.map(children, (one) => h('li', null, one)),
      ),
    Statistics: box('div', 'statistics'),
    StatisticsItem: ({ label, number, children }) =>
      h(
        'div',
        null,
        h('small', null, label),
        h('div', { className: 'inline' }, h('b', { className: 'number' }, number), children),
      ),
    StatusTag: ({ variant, children }) => h('span', { className: `tag ${variant}` }, children),
    Icon: ({ name, screenReaderText }) =>
      h(
        'span',
        null,
        h('span', { 'aria-hidden': true }, name === 'upCarat' ? '▲' : name === 'downCarat' ? '▼' : '•'),
        h('span', { className: 'heard' }, screenReaderText),
      ),
    Accordion: ({ title, children }) => h('details', null, h('summary', null, title), children),
    DescriptionList: box('dl', 'pairs'),
    DescriptionListItem: ({ label, children }) =>
      h('div', null, h('dt', null, label), h('dd', null, children)),
    EmptyState: state('state'),
    ErrorState: state('state wrong'),
    LoadingSpinner: ({ label }) => h('p', { role: 'status' }, label),
    Modal: ({ title, children }) =>
      h('div', { role: 'dialog', 'aria-label': title, className: 'dialog' }, h('h2', null, title), children),
    ModalBody: box('div', 'body'),
    ModalFooter: box('div', 'inline row'),
    Select: labelled(({ value, options, onChange, readOnly, placeholder, name }) =>
      h(
        'select',
        {
          name,
          value: value ?? '',
          disabled: readOnly,
          onChange: ({ target }) => onChange(options.find((one) => String(one.value) === target.value).value),
        },
        value === undefined ? h('option', { value: '' }, placeholder ?? '') : null,
        options.map((one) => h('option', { key: one.value, value: one.value }, one.label)),
      ),
    ),
    TextArea: labelled(({ value, onChange, onInput, readOnly, rows, name }) =>
      h('textarea', {
        name,
        value,
        rows,
        readOnly,
        onChange: ({ target }) => (onInput?.(target.value), onChange(target.value)),
      }),
    ),
    Input: labelled(({ value, onChange, readOnly, name }) =>
      h('input', { name, value, readOnly, onChange: ({ target }) => onChange(target.value) }),
    ),
    NumberInput: labelled(({ value, onChange, readOnly, name, min, max }) =>
      h('input', {
        name,
        type: 'number',
        step: 'any',
        value: value ?? '',
        min,
        max,
        readOnly,
        onChange: ({ target }) => onChange(target.value === '' ? undefined : Number(target.value)),
      }),
    ),
    Toggle: ({ label, checked, readonly, onChange, name }) =>
      h(
        'label',
        { className: 'toggle' },
        h('input', {
          name,
          type: 'checkbox',
          role: 'switch',
          checked,
          disabled: readonly,
          onChange: ({ target }) => onChange(target.checked),
        }),
        label,
      ),
    Table: box('table', ''),
    TableHead: box('thead', ''),
    TableBody: box('tbody', ''),
    TableRow: box('tr', ''),
    TableHeader: ({ align, children }) => h('th', { style: { textAlign: align ?? 'left' } }, children),
    TableCell: ({ align, children }) => h('td', { style: { textAlign: align ?? 'left' } }, children),
    LineChart: ({ data, axes }) => {
      const xs = data.map((one) => one[axes.x.field])
      const ys = data.map((one) => one[axes.y.field])
      const at = (n) =>
        `${((xs[n] - xs[0]) / Math.max(1, xs.at(-1) - xs[0])) * 300},${80 - (ys[n] / Math.max(...ys, 1)) * 70}`
      return h(
        'svg',
        { viewBox: '0 0 300 90', role: 'img', 'aria-label': axes.y.label },
        h('polyline', {
          points: xs.map((_, n) => at(n)).join(' '),
          fill: 'none',
          stroke: '#0091ae',
          strokeWidth: 2,
        }),
      )
    },
    PageTitle: box('h1', ''),
  }

  self['__HUBSPOT_EXTENSION_WORKER__'] = true
  self.RemoteUI = {
    createRemoteReactComponent: (name) => (props) => {
      const draw = DRAWN[name]
      if (draw === undefined) throw new Error(`This page of HubSpot cannot draw a ${name}.`)
      return h(draw, props)
    },
  }
  self.hsFetch = async (url, { method = 'GET', body } = {}) => {
    const { status, text } = await self.askedOfHubSpot(String(url), method, body ?? null)
    return new Response(text, { status, headers: { 'content-type': 'application/json' } })
  }
  const { context } = self.PLACE
  self.hsWorkerAPI = {
    useExtensionContext: () => context,
    useAppPageLocation: () => ({ path: '/', params: {} }),
  }
  const said = document.getElementById('said')
  const actions = {
    addAlert: ({ type, message }) => {
      said.textContent = message
      said.className = `alert ${type}`
    },
    closeOverlay: (id) => openOverlay(id, false),
  }
  self.extend_V2 = (page) => {
    const Page = () => page({ context, actions })
    ReactDOM.createRoot(document.getElementById('place')).render(h(Page))
  }
  self.logger = console
})()
