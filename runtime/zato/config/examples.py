"""An object of each kind as people write it; together they are one configuration, in which every reference is met."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[tuple[str, str | None], str] = {
    ("security", "basic_auth"): """\
- name: Orders API
  type: basic_auth
  username: orders
  password: ${ORDERS_PASSWORD}
""",
    ("security", "apikey"): """\
- name: Partner Key
  type: apikey
  password: ${PARTNER_KEY}
""",
    ("security", "bearer_token"): """\
- name: Partner Token
  type: bearer_token
  username: my-client-id
  password: ${PARTNER_SECRET}
  auth_endpoint: https://login.example.com/token
  scopes: [orders.read]
""",
    ("security", "ntlm"): """\
- name: Intranet
  type: ntlm
  username: DOMAIN\\service
  password: ${INTRANET_PASSWORD}
""",
    ("security", "jwt"): """\
- name: Sessions
  type: jwt
  username: web
  password: ${SESSIONS_PASSWORD}
  ttl: 3600
""",
    ("security", "aws"): """\
- name: Archive
  type: aws
  username: my-access-key-id
  password: ${ARCHIVE_SECRET_KEY}
""",
    ("security", "mtls"): """\
- name: Bank
  type: mtls
  cert_path: /etc/ssl/bank/client.pem
  key_path: /etc/ssl/bank/client.key
""",
    ("security", "spnego"): """\
- name: Kerberos
  type: spnego
  principal: service@EXAMPLE.COM
  keytab_path: /etc/krb5.keytab
""",
    ("security", "wss"): """\
- name: SOAP User
  type: wss
  mode: username_token
  username: soap
  password: ${SOAP_PASSWORD}
""",
    ("security", "tls_key_cert"): """\
- name: Client Certificate
  type: tls_key_cert
  auth_data: ${CLIENT_CERTIFICATE}
""",
    ("security", "tls_channel_sec"): """\
- name: Partner Certificate
  type: tls_channel_sec
  value: CN=partner.example.com
""",
    ("security", "tls_ca_cert"): """\
- name: Own CA
  type: tls_ca_cert
  value: ${OWN_CA}
""",
    ("security", "xpath"): """\
- name: XPath
  type: xpath
  username: soap
  password: ${XPATH_PASSWORD}
  username_expr: //user
  password_expr: //password
""",
    ("security", "vault_connection"): """\
- name: Vault
  type: vault_connection
  url: https://vault.example.com
  token: ${VAULT_TOKEN}
""",
    ("groups", None): """\
- name: Order Clients
  members: [Orders API, Partner Key]
""",
    ("def_amqp", None): """\
- name: Main Broker
  host: rabbit.example.com
  vhost: /orders
  username: app
  password: ${RABBIT_PASSWORD}
""",
    ("outgoing_rest", None): """\
- name: CRM
  host: https://crm.example.com
  url_path: /customers/{customer_id}
  security: Partner Key
  timeout: 20
""",
    ("outgoing_soap", None): """\
- name: Billing
  host: https://billing.example.com
  url_path: /soap
  soap_action: urn:invoice
""",
    ("outgoing_amqp", None): """\
- name: Order Publisher
  def_name: Main Broker
  delivery_mode: persistent
""",
    ("channel_rest", None): """\
- name: Get Order
  service: orders.get
  url_path: /orders/{order_id}
  method: GET
  security: Orders API
""",
    ("channel_soap", None): """\
- name: Invoices
  service: invoices.receive
  url_path: /soap/invoices
  security: Orders API
""",
    ("channel_amqp", None): """\
- name: Order Events
  def_name: Main Broker
  queue: orders.in
  service: orders.on-event
  prefetch_count: 50
""",
    ("scheduler", None): """\
- name: Nightly Sync
  service: orders.sync
  job_type: cron_style
  cron_definition: 0 2 * * *
  timezone: Europe/Warsaw
""",
}
"""Section and `type` → the object, as an item of its section."""
