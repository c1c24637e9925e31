// Who is told what: one rule for each query in queries/, and whom they tell. What to do about each: docs/operations.md.
// The rules exist without a receiver too; they are then seen in the portal only.
//
// There are two kinds. A state (`state: true`) is looked at again and again over a window, and its alert resolves by
// itself. A happening is told once, as it arrives, and never resolves: silence does not mend it. It looks back further
// than it is evaluated, for what arrives late. docs/adr/0026-alerts.md says why.

@description('Where the rules live: the region of the workspace.')
param location string = resourceGroup().location

@description('Tags of every resource.')
param tags object = {}

@description('What the names of the resources begin with.')
param prefix string = 'tenantry'

@description('Resource id of the Log Analytics workspace that the app reports to.')
param workspaceId string

@description('Who gets a mail; nobody, if empty.')
param alertEmail string = ''

@description('Whether the rules are evaluated.')
param enabled bool = true

@description('Where the runbook can be read, to put in front of #name-of-the-alert.')
param runbookUrl string = 'docs/operations.md'

@description('When this was deployed: until an app has said something, absence is measured from here.')
param deployedAt string = utcNow('yyyy-MM-ddTHH:mm:ssZ')

@description('Failed runs of one code within an hour, for reasons of the service itself.')
param failedRuns int = 5

@description('Percent of the runs of an hour that failed for reasons of the service itself; from 20 runs on.')
param failedRunsPercent int = 10

@description('Failed runs of one connection since its last good one, for reasons of the service itself.')
param failedInARow int = 2

@description('Connections whose runs were held within an hour.')
param heldConnections int = 10

@description('Connections that came to need somebody for the same reason within an hour.')
param actionRequiredConnections int = 10

@description('Hours that a sync may be overdue: 1 is 13 hours after the last one, where syncs are every 12.')
param lateHours int = 1

@description('Overdue connections at one look.')
param lateConnections int = 25

@description('Hours without a slot of the timer: a little more than between two slots of SYNC_SCHEDULE.')
param timerHours int = 13

@description('Minutes without a sign of life, which comes every 15.')
param silentMinutes int = 60

@description('Days before the expiry of the app registration\'s credential, for a first warning.')
param credentialWarningDays int = 30

@description('Days before the expiry of the app registration\'s credential, for the last warning.')
param credentialCriticalDays int = 7

@description('Percent of the HTTP requests of half an hour that ended with 5xx.')
param httpErrorsPercent int = 5

@description('Events of level ERROR of one name within an hour.')
param errorsLogged int = 10

var deploymentInQueries = '2026-01-01T00:00:00Z'
var expiring = loadTextContent('queries/credential-expiring.kql')

var specifications = [
  {
    name: 'runs-failing'
    says: 'Runs fail, all with the same code, and neither a customer nor a technician can mend it.'
    severity: 1
    query: loadTextContent('queries/runs-failing.kql')
    measure: 'failed'
    threshold: failedRuns
    dimensions: ['code']
    frequency: 'PT15M'
    window: 'PT1H'
    state: true
    mute: null
  }
  {
    name: 'runs-failing-share'
    says: 'A large part of all runs fails for reasons of the service itself.'
    severity: 1
    query: loadTextContent('queries/runs-failing-share.kql')
    measure: 'percent'
    threshold: failedRunsPercent
    dimensions: []
    frequency: 'PT15M'
    window: 'PT1H'
    state: true
    mute: null
  }
  {
    name: 'connection-failing'
    says: 'The syncs of one customer fail again and again for reasons of the service itself.'
    severity: 2
    query: loadTextContent('queries/connection-failing.kql')
    measure: 'failed'
    threshold: failedInARow
    dimensions: ['connection', 'customer', 'code']
    frequency: 'PT1H'
    window: 'P2D'
    state: true
    mute: null
  }
  {
    name: 'run-held'
    says: 'A run of one customer would change more than usual and waits for a person.'
    severity: 3
    query: loadTextContent('queries/run-held.kql')
    measure: 'held'
    threshold: 1
    dimensions: ['connection', 'customer']
    frequency: 'PT15M'
    window: 'PT1H'
    state: false
    mute: null
  }
  {
    name: 'runs-held-many'
    says: 'Runs of many customers are held at once, which has one cause.'
    severity: 1
    query: loadTextContent('queries/runs-held-many.kql')
    measure: 'connections'
    threshold: heldConnections
    dimensions: []
    frequency: 'PT15M'
    window: 'PT1H'
    state: true
    mute: null
  }
  {
    name: 'message-given-up'
    says: 'A message failed on every delivery.'
    severity: 1
    query: loadTextContent('queries/message-given-up.kql')
    measure: 'messages'
    threshold: 1
    dimensions: ['queue', 'work']
    frequency: 'PT15M'
    window: 'PT1H'
    state: false
    mute: null
  }
  {
    name: 'connection-action-required'
    says: 'A customer is no longer synced until somebody acts.'
    severity: 3
    query: loadTextContent('queries/connection-action-required.kql')
    measure: 'moves'
    threshold: 1
    dimensions: ['connection', 'customer', 'code']
    frequency: 'PT15M'
    window: 'PT1H'
    state: false
    mute: null
  }
  {
    name: 'connections-action-required-many'
    says: 'Many customers need somebody for the same reason at once, which is hardly their own doing.'
    severity: 1
    query: loadTextContent('queries/connections-action-required-many.kql')
    measure: 'connections'
    threshold: actionRequiredConnections
    dimensions: ['code']
    frequency: 'PT15M'
    window: 'PT1H'
    state: true
    mute: null
  }
  {
    name: 'connection-late'
    says: 'The sync of one customer is overdue.'
    severity: 2
    query: loadTextContent('queries/connection-late.kql')
    measure: 'hours'
    threshold: lateHours
    dimensions: ['connection', 'customer']
    frequency: 'PT15M'
    window: 'PT30M'
    state: true
    mute: null
  }
  {
    name: 'connections-late-many'
    says: 'The syncs of many customers are overdue.'
    severity: 1
    query: loadTextContent('queries/connections-late-many.kql')
    measure: 'late'
    threshold: lateConnections
    dimensions: []
    frequency: 'PT15M'
    window: 'PT30M'
    state: true
    mute: null
  }
  {
    name: 'timer-absent'
    says: 'The timer has handed out no syncs for longer than it is between two of its slots.'
    severity: 0
    query: replace(loadTextContent('queries/timer-absent.kql'), deploymentInQueries, deployedAt)
    measure: 'hours'
    threshold: timerHours
    dimensions: []
    frequency: 'PT30M'
    window: 'P1D'
    state: true
    mute: null
  }
  {
    name: 'app-silent'
    says: 'The app gives no sign of life.'
    severity: 0
    query: replace(loadTextContent('queries/app-silent.kql'), deploymentInQueries, deployedAt)
    measure: 'minutes'
    threshold: silentMinutes
    dimensions: []
    frequency: 'PT15M'
    window: 'P1D'
    state: true
    mute: null
  }
  {
    name: 'credential-expiring'
    says: 'The credential of the app registration expires within weeks.'
    severity: 2
    query: replace(expiring, 'days_at_most = 30', 'days_at_most = ${credentialWarningDays}')
    measure: ''
    threshold: 1
    dimensions: []
    frequency: 'PT1H'
    window: 'PT2H'
    state: true
    mute: null
  }
  {
    name: 'credential-expiring-soon'
    says: 'The credential of the app registration expires within days; then no customer can be synced.'
    severity: 1
    query: replace(expiring, 'days_at_most = 30', 'days_at_most = ${credentialCriticalDays}')
    measure: ''
    threshold: 1
    dimensions: []
    frequency: 'PT1H'
    window: 'PT2H'
    state: true
    mute: null
  }
  {
    name: 'credential-refused'
    says: 'Microsoft refuses the credential of the app registration: no customer can be synced.'
    severity: 0
    query: loadTextContent('queries/credential-refused.kql')
    measure: 'refusals'
    threshold: 1
    dimensions: ['code']
    frequency: 'PT15M'
    window: 'PT1H'
    state: false
    mute: 'PT1H' // every run meets it, and one mail an hour is enough
  }
  {
    name: 'http-errors'
    says: 'A large part of the HTTP requests ends with 5xx.'
    severity: 2
    query: loadTextContent('queries/http-errors.kql')
    measure: 'percent'
    threshold: httpErrorsPercent
    dimensions: []
    frequency: 'PT15M'
    window: 'PT30M'
    state: true
    mute: null
  }
  {
    name: 'errors-logged'
    says: 'Something goes wrong again and again that no other alert is for.'
    severity: 3
    query: loadTextContent('queries/errors-logged.kql')
    measure: 'errors'
    threshold: errorsLogged
    dimensions: ['event']
    frequency: 'PT30M'
    window: 'PT1H'
    state: true
    mute: null
  }
]

resource receivers 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-operators'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'tenantry'
    enabled: true
    emailReceivers: empty(alertEmail)
      ? []
      : [
          {
            name: 'operators'
            emailAddress: alertEmail
            useCommonAlertSchema: true
          }
        ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in specifications: {
    name: '${prefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${prefix}: ${rule.name}'
      description: '${rule.says} What to do: ${runbookUrl}#${rule.name}'
      severity: rule.severity
      enabled: enabled
      scopes: [workspaceId]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: empty(rule.measure) ? 'Count' : 'Maximum'
            metricMeasureColumn: empty(rule.measure) ? null : rule.measure
            dimensions: map(rule.dimensions, column => {
              name: column
              operator: 'Include'
              values: ['*']
            })
            // Above or at a number always: of no rows nothing is above, so a rule for absence has to make a row.
            operator: 'GreaterThanOrEqual'
            threshold: rule.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: rule.state
      muteActionsDuration: rule.mute
      skipQueryValidation: true // a new workspace may have no table yet
      actions: {
        actionGroups: [receivers.id]
        customProperties: {
          runbook: '${runbookUrl}#${rule.name}'
        }
      }
    }
  }
]

output actionGroupId string = receivers.id
