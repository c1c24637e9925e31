// The app registration in Microsoft Entra ID, and the managed identity that it trusts instead of a secret.
// Whoever deploys this needs the right to register applications; app-registration.sh does the same beside a deployment.

extension microsoftGraphV1

@description('Name for programs: by this one the registration is found again. It cannot be changed.')
param uniqueName string

@description('Name for people; customers see it when they consent.')
param displayName string

@description('The https address of the app.')
param publicUrl string

@description('Sets of permissions in permissions.txt beyond the required one.')
param optionalPermissions string[]

@description('Object id of the managed identity of the app.')
param identityPrincipalId string

@description('Who issues the tokens of the managed identity.')
param issuer string

@description('Whom those tokens are made out to.')
param audience string

var asked = concat(['required'], optionalPermissions)
var rows = map(
  filter(split(loadTextContent('permissions.txt'), '\n'), line => !empty(line) && !startsWith(line, '#')),
  line => split(line, ' ')
)

resource application 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: displayName
  signInAudience: 'AzureADMultipleOrgs'
  // Sign-ins show the directory roles of an administrator, and whether somebody is a guest.
  groupMembershipClaims: 'DirectoryRole'
  optionalClaims: {
    idToken: [
      {
        name: 'acct'
        essential: false
      }
    ]
  }
  requiredResourceAccess: [
    {
      resourceAppId: '00000003-0000-0000-c000-000000000000' // Microsoft Graph
      resourceAccess: map(filter(rows, row => contains(asked, row[0])), row => {
        id: row[3]
        type: row[2]
      })
    }
  ]
  web: {
    redirectUris: [
      '${publicUrl}/connect/callback'
    ]
  }
}

resource credential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = {
  name: '${application.uniqueName}/managed-identity'
  issuer: issuer
  subject: identityPrincipalId
  audiences: [
    audience
  ]
}

resource servicePrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: application.appId
}

output clientId string = application.appId
