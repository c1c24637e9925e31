// Tenantry in Azure: one resource group with all that the app needs. `azd up` deploys it; see docs/deploy.md.

targetScope = 'subscription'

@description('Name of the environment; the resource group is called after it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of everything. Flex Consumption must be available there.')
@minLength(1)
param location string

@description('How the app registration is made: by app-registration.sh before and after this, by this deployment, or by somebody else.')
@allowed(['script', 'bicep', 'none'])
param appRegistration string = 'script'

@description('Client id of the app registration, unless this deployment makes it.')
param entraClientId string = ''

@description('Sets of optional permissions that the app registration asks for, separated by spaces; see permissions.txt.')
param optionalPermissions string = 'groups mailboxes mfa activity secure-score'

@description('The https address of the app where it has a domain of its own; empty: the one that Azure gives it.')
param customUrl string = ''

@description('Where Microsoft Graph is asked, where it is not the one of the cloud: https://dod-graph.microsoft.us for DoD.')
param graphUrl string = ''

@description('When the timer hands out the syncs: NCRONTAB, six fields, UTC.')
param syncSchedule string = '0 0 */12 * * *'

@description('Any other setting of README.md, by name.')
param otherSettings object = {}

@description('Who gets the alerts and the mails of the budget; empty: nobody.')
param alertEmail string = ''

@description('Where docs/operations.md can be read; alerts lead to their entries in it.')
param runbookUrl string = 'docs/operations.md'

@description('Hours without a slot of the timer that are an alert: a little more than between two slots of the schedule.')
@minValue(1)
param timerHours int = 13

@description('Object id of a user or group that works with the command line; empty: nobody.')
param operatorPrincipalId string = ''

@description('What the operator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorPrincipalType string = 'User'

@description('Whether the operator may also read and write the vault, and so act for every customer.')
param operatorVaultAccess bool = false

// 2 GB: up to 24 messages at a time share an instance, and one of them may read a tenant of 100,000 people.
@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

// The least that the plan takes. PSAs and Microsoft ration calls, so more instances would mostly wait.
@description('How far each group of functions may scale out.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

// The platform's default for Python is 1, which is for code that blocks. This one waits for the network.
@description('HTTP requests that one instance answers at once.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 32

@description('Instances for HTTP that never go away; 0: the first request after a pause waits for one.')
@minValue(0)
param alwaysReadyHttpInstances int = 0

@description('The oldest TLS that the app speaks.')
@allowed(['1.2', '1.3'])
param minimumTls string = '1.2'

@description('Keep the data in three zones and spread instances over them; the region must have zones.')
param zoneRedundant bool = false

@description('Put storage and vault into a private network that the app goes out through.')
param privateNetwork bool = false

@description('Addresses of the private network: a /24 or larger.')
param addressSpace string = '10.20.0.0/24'

@description('With a private network: public addresses that operators come from, separated by commas; empty: nobody comes in.')
param operatorAddresses string = ''

@description('How many days logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Which share of the traces is kept, such as 0.1; 1: all. Events are kept whatever it is.')
param traceShare string = '1'

@description('Ingestion of logs stops for the day after so many GB, and alerts are blind until the next; -1: never.')
param logDailyCapGb int = 5

@description('Which accesses to the storage account are logged.')
@allowed(['none', 'deletes', 'all'])
param storageAccessLogs string = 'deletes'

@description('Budget per month in the currency of the subscription; 0: none. Needs an alert address.')
@minValue(0)
param budgetAmount int = 0

@description('First day of the month that the budget counts from, such as 2027-01-01; empty: this month. It cannot be changed later.')
param budgetStart string = ''

@description('Lock storage and vault against deletion.')
param lockData bool = false

@description('Bring back the vault of an environment of the same name that was deleted less than 90 days ago.')
param recoverVault bool = false

@description('Not to be set: the month of the deployment.')
param thisMonth string = utcNow('yyyy-MM-01')

var token = uniqueString(subscription().id, environmentName, location)
var tags = { 'azd-env-name': environmentName }
var cloud = loadJsonContent('clouds.json')[environment().name]
var graph = empty(graphUrl) ? cloud.graph : graphUrl
var issuer = '${cloud.authority}/${tenant().tenantId}/v2.0'
var addresses = filter(map(split(operatorAddresses, ','), address => trim(address)), address => !empty(address))

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    location: location
    tags: tags
    name: 'id-${token}'
  }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: 'log-${token}'
    insightsName: 'appi-${token}'
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    tags: tags
    name: 'st${token}'
    zoneRedundant: zoneRedundant
    privateNetwork: privateNetwork
    operatorAddresses: addresses
    accessLogs: storageAccessLogs
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    location: location
    tags: tags
    name: 'kv-${token}'
    recover: recoverVault
    privateNetwork: privateNetwork
    operatorAddresses: addresses
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    location: location
    tags: tags
    name: 'vnet-${token}'
    addressSpace: addressSpace
  }
}

module privateEndpoints 'private-endpoints.bicep' = if (privateNetwork) {
  name: 'private-endpoints'
  scope: group
  params: {
    location: location
    tags: tags
    networkId: privateNetwork ? network.outputs.id : ''
    subnetId: privateNetwork ? network.outputs.endpointSubnetId : ''
    storageId: storage.outputs.id
    vaultId: vault.outputs.id
  }
}

module roles 'roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    appPrincipalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
    operatorVaultAccess: operatorVaultAccess
  }
}

module functionApp 'function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    location: location
    tags: tags
    name: 'func-${token}'
    planName: 'plan-${token}'
    identityId: identity.outputs.id
    packageContainerUrl: storage.outputs.packageContainerUrl
    subnetId: privateNetwork ? network.outputs.appSubnetId : ''
    zoneRedundant: zoneRedundant
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    httpConcurrency: httpConcurrency
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    minimumTls: minimumTls
  }
  // Its first start looks for the storage account by its private name, as the identity.
  dependsOn: [
    roles
    privateEndpoints
  ]
}

var publicUrl = empty(customUrl) ? functionApp.outputs.url : customUrl

// The registration needs the address of the app, and the settings of the app need the id of the registration: so these
// two come after the app, in this order.
module registration 'app-registration.bicep' = if (appRegistration == 'bicep') {
  name: 'app-registration'
  scope: group
  params: {
    uniqueName: 'tenantry-${environmentName}'
    displayName: 'Tenantry (${environmentName})'
    publicUrl: publicUrl
    optionalPermissions: filter(split(optionalPermissions, ' '), name => !empty(name))
    identityPrincipalId: identity.outputs.principalId
    issuer: issuer
    audience: cloud.exchangeAudience
  }
}

var clientId = appRegistration == 'bicep' ? registration.outputs.clientId : entraClientId

module appSettings 'app-settings.bicep' = {
  name: 'app-settings'
  scope: group
  params: {
    appName: functionApp.outputs.name
    publicUrl: publicUrl
    vaultUrl: vault.outputs.url
    blobUrl: storage.outputs.blobUrl
    queueUrl: storage.outputs.queueUrl
    tableUrl: storage.outputs.tableUrl
    identityClientId: identity.outputs.clientId
    entraClientId: clientId
    entraAuthority: cloud.authority
    exchangeAudience: cloud.exchangeAudience
    graphUrl: graph
    insightsConnectionString: monitoring.outputs.connectionString
    traceShare: traceShare
    syncSchedule: syncSchedule
    otherSettings: otherSettings
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    alertEmail: alertEmail
    runbookUrl: runbookUrl
    timerHours: timerHours
  }
}

module workbook 'workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    displayName: 'Tenantry (${environmentName})'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module budget 'budget.bicep' = if (budgetAmount > 0 && !empty(alertEmail)) {
  name: 'budget'
  scope: group
  params: {
    amount: budgetAmount
    startDate: empty(budgetStart) ? thisMonth : budgetStart
    email: alertEmail
  }
}

module locks 'locks.bicep' = if (lockData) {
  name: 'locks'
  scope: group
  params: {
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
  }
}

// `azd env get-values` shows these. Those that are called like settings are what the command line needs.
output PUBLIC_URL string = publicUrl
output KEY_VAULT_URL string = vault.outputs.url
output ENTRA_CLIENT_ID string = clientId
output ENTRA_MANAGED_IDENTITY_CLIENT_ID string = identity.outputs.clientId
output ENTRA_AUTHORITY string = cloud.authority
output ENTRA_EXCHANGE_AUDIENCE string = cloud.exchangeAudience
output GRAPH_URL string = graph
output GRAPH_RESOURCE string = graph
output AzureWebJobsStorage__queueServiceUri string = storage.outputs.queueUrl
output AzureWebJobsStorage__tableServiceUri string = storage.outputs.tableUrl
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = functionApp.outputs.name
output STORAGE_ACCOUNT_NAME string = storage.outputs.name
output KEY_VAULT_NAME string = vault.outputs.name
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output FEDERATION_ISSUER string = issuer
