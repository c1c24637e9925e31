// The settings of the app; README.md says what each one means. None is a secret: those are in the vault.
// What Flex Consumption sets by itself, or refuses, is not here: FUNCTIONS_WORKER_RUNTIME, WEBSITE_RUN_FROM_PACKAGE and so on.

@description('Name of the function app.')
param appName string

@description('The https address of the app, as browsers and the PSA see it.')
param publicUrl string

@description('Address of the vault.')
param vaultUrl string

@description('Address of the blob service.')
param blobUrl string

@description('Address of the queue service.')
param queueUrl string

@description('Address of the table service.')
param tableUrl string

@description('Client id of the managed identity.')
param identityClientId string

@description('Client id of the app registration.')
param entraClientId string

@description('Entra ID of the cloud.')
param entraAuthority string

@description('Whom tokens of the managed identity are made out to when they stand in for a secret.')
param exchangeAudience string

@description('Where Microsoft Graph is asked.')
param graphUrl string

@description('Connection string of Application Insights; it lets nobody in, as local authentication is off.')
param insightsConnectionString string

@description('Which share of the traces is kept, such as 0.1; 1: all.')
param traceShare string

@description('When the timer hands out the syncs: NCRONTAB, six fields, UTC.')
param syncSchedule string

@description('Any other setting of README.md, by name; wins over those below.')
param otherSettings object

var platform = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: blobUrl
  AzureWebJobsStorage__queueServiceUri: queueUrl
  AzureWebJobsStorage__tableServiceUri: tableUrl
  // The user-assigned identity, and nothing else that might be found first.
  AZURE_CLIENT_ID: identityClientId
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
}
var telemetry = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
  PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'tenantry'
  // Their spans would carry whole addresses; the app makes its own.
  OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'azure_sdk,fastapi,httpx,httpx2,requests,urllib,urllib3'
  // Whole traces or nothing of one: otherwise five traces a second are kept, and of some only parts.
  OTEL_TRACES_SAMPLER: traceShare == '1' ? 'always_on' : 'trace_id_ratio'
  OTEL_TRACES_SAMPLER_ARG: traceShare
}
var own = {
  PUBLIC_URL: publicUrl
  KEY_VAULT_URL: vaultUrl
  ENTRA_CLIENT_ID: entraClientId
  ENTRA_MANAGED_IDENTITY_CLIENT_ID: identityClientId
  ENTRA_AUTHORITY: entraAuthority
  ENTRA_EXCHANGE_AUDIENCE: exchangeAudience
  GRAPH_URL: graphUrl
  GRAPH_RESOURCE: graphUrl
  SYNC_SCHEDULE: syncSchedule
}

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(platform, telemetry, own, otherSettings)
  }
}
