import type { FieldMap, LogLine } from '../../src/analyze/formats/format.ts'

/** Lines of each format, as the servers' own manuals show them, and what they say. For tests. */
export interface Sample {
  readonly name: string
  readonly format: string
  /** The last one is the request. */
  readonly lines: readonly string[]
  readonly fields?: FieldMap
  readonly expected: Partial<LogLine>
}

const utc = (text: string): number => Date.parse(text)

export const samples: readonly Sample[] = [
  {
    name: 'the Common Log Format',
    format: 'common',
    lines: ['pppa006.compuserve.com - - [01/Aug/1995:02:00:00 -0400] "GET /images/launch-logo.gif HTTP/1.0" 200 1713'],
    expected: {
      at: utc('1995-08-01T06:00:00Z'),
      zone: -240,
      address: 'pppa006.compuserve.com',
      method: 'GET',
      path: '/images/launch-logo.gif',
      status: 200,
      cost: undefined,
    },
  },
  {
    name: 'the combined format',
    format: 'combined',
    lines: [
      '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif?a=1 HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"',
    ],
    expected: { at: utc('2000-10-10T20:55:36Z'), user: 'frank', path: '/apache_pb.gif', agent: 'Mozilla/4.08 [en] (Win98; I ;Nav)' },
  },
  {
    name: 'nginx with the time of the request behind',
    format: 'nginx',
    lines: ['2001:db8::1 - - [24/Nov/2026:08:00:00 +0000] "POST /transfers HTTP/1.1" 429 0 "-" "curl/8.5.0" 0.004'],
    expected: { address: '2001:db8::1', method: 'POST', status: 429, agent: 'curl/8.5.0' },
  },
  {
    name: 'vhost_combined',
    format: 'vhost',
    lines: ['www.example.com:443 192.0.2.7 - - [24/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8.5.0"'],
    expected: { address: '192.0.2.7', status: 200 },
  },
  {
    name: 'an extended format with an ISO time and microseconds',
    format: 'netnea',
    lines: [
      '192.0.2.9 DE - [2026-11-24 06:29:35.123456] "GET /login HTTP/1.1" 200 1687 "-" "Mozilla/5.0" "-" 34872 www.example.com 192.0.2.1 443 - - "-" Vn+6 TLSv1.3 AES256 1124 5690 -% 3912 1532 0',
    ],
    expected: { at: utc('2026-11-24T06:29:35.123Z'), zone: undefined, address: '192.0.2.9', path: '/login' },
  },
  {
    name: "Apache's LogFormat",
    format: String.raw`%h %{GEOIP_COUNTRY_CODE}e %u [%{%Y-%m-%d %H:%M:%S}t.%{usec_frac}t] \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D`,
    lines: [String.raw`192.0.2.9 DE ada [2026-11-24 06:29:35.123456] "GET /a\"b HTTP/1.1" 200 1687 "-" "Mozilla \"5.0\"" 3912`],
    expected: { at: utc('2026-11-24T06:29:35.123Z'), user: 'ada', status: 200, agent: String.raw`Mozilla \"5.0\"` },
  },
  {
    name: "nginx's log_format",
    format: '$msec $remote_addr "$request_method $request_uri" $status $request_time "$http_x_account" $jwt_claim_sub',
    lines: ['1795507200.123 192.0.2.9 "GET /search?q=%22" 200 0.004 "acme" u-17'],
    fields: { account: 'x-account' },
    expected: { at: 1_795_507_200_123, address: '192.0.2.9', method: 'GET', path: '/search', named: 'acme', subject: 'u-17' },
  },
  {
    name: 'Caddy',
    format: 'caddy',
    lines: [
      '{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","remote_port":"41342","client_ip":"192.0.2.4","proto":"HTTP/2.0","method":"GET","host":"localhost","uri":"/a?b=1","headers":{"User-Agent":["curl/7.82.0"],"X-Api-Key":["k-7"]}},"bytes_read":0,"user_id":"ada","duration":0.000929675,"size":10900,"status":200}',
    ],
    expected: { at: 1_646_861_401_524, address: '192.0.2.4', user: 'ada', key: 'k-7', agent: 'curl/7.82.0', path: '/a', status: 200 },
  },
  {
    name: 'Envoy',
    format: 'envoy',
    lines: [
      '{"start_time":"2026-11-24T08:00:00.123Z","method":"POST","path":"/v1/a?x=1","protocol":"HTTP/1.1","response_code":503,"response_flags":"UH","bytes_received":1,"duration":4,"user_agent":"grpc-go","downstream_remote_address":"192.0.2.3:51234"}',
    ],
    expected: {
      at: utc('2026-11-24T08:00:00.123Z'),
      method: 'POST',
      path: '/v1/a',
      status: 503,
      address: '192.0.2.3:51234',
      agent: 'grpc-go',
    },
  },
  {
    name: 'JSON lines with fields of their own',
    format: 'ndjson',
    lines: ['{"when":"2026-11-24T08:00:00+01:00","customer":{"id":42},"code":"201","tokens":812.4}'],
    fields: { ts: 'when', account: 'customer.id', status: 'code', cost: 'tokens' },
    expected: { at: utc('2026-11-24T07:00:00Z'), zone: 60, named: '42', status: 201, cost: 813 },
  },
  {
    name: 'an Application Load Balancer',
    format: 'alb',
    lines: [
      'https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/a?b=1 HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-"',
    ],
    fields: { account: 'domain_name' },
    expected: {
      at: utc('2018-07-02T22:23:00.186Z'),
      address: '192.168.131.39:2817',
      status: 200,
      method: 'GET',
      path: '/a',
      named: 'www.example.com',
    },
  },
  {
    name: 'a Classic Load Balancer',
    format: 'elb',
    lines: [
      '2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 404 404 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -',
    ],
    expected: { address: '192.168.131.39:2817', status: 404, path: '/', agent: 'curl/7.38.0' },
  },
  {
    name: 'CloudFront',
    format: 'cloudfront',
    lines: [
      '#Version: 1.0',
      '#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent) cs-uri-query',
      '2019-12-04\t21:02:31\t192.0.2.100\tGET\t/index.html\t200\tMozilla/5.0%20(Windows)\t-',
    ],
    expected: { at: utc('2019-12-04T21:02:31Z'), address: '192.0.2.100', status: 200, path: '/index.html', agent: 'Mozilla/5.0 (Windows)' },
  },
]
