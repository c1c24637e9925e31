#!/bin/sh
# Registers the app with Microsoft Entra ID; the Azure CLI must be signed in to the tenant of the subscription.
#
#   app-registration.sh before   make the registration with its permissions, and note its id as ENTRA_CLIENT_ID
#   app-registration.sh after    give it the app's address, and have it trust the app's managed identity
#
# azd runs both, with the values of its environment. Without azd, set what they need: AZURE_ENV_NAME for both, and for
# the second IDENTITY_PRINCIPAL_ID, PUBLIC_URL, FEDERATION_ISSUER and ENTRA_EXCHANGE_AUDIENCE, which the deployment
# puts out. Whatever is there already is brought up to date. No secret is made.
set -eu

here=$(dirname "$0")
phase=${1:?before or after}
name="tenantry-${AZURE_ENV_NAME:?the name of the environment}"

say() { printf 'app registration: %s\n' "$*"; }

case ${APP_REGISTRATION:-script} in
  script) ;;
  bicep)
    say 'the deployment makes it itself (APP_REGISTRATION=bicep).'
    exit 0
    ;;
  none)
    if [ -z "${ENTRA_CLIENT_ID:-}" ]; then
      say 'APP_REGISTRATION is none, so set the id of the one that somebody made: azd env set ENTRA_CLIENT_ID <id>' >&2
      exit 1
    fi
    say "made by somebody else; its id is $ENTRA_CLIENT_ID."
    exit 0
    ;;
  *)
    say 'APP_REGISTRATION must be script, bicep or none.' >&2
    exit 1
    ;;
esac

graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)
application="${graph%/}/v1.0/applications(uniqueName='$name')"

# Makes what is not there, of which it prints the appId, and changes what is: upsert ADDRESS JSON
# What was made a moment ago is not known everywhere at once, hence the tries.
upsert() {
  for pause in 5 10 20 40 0; do
    if az rest --method patch --uri "$1" --headers Content-Type=application/json Prefer=create-if-missing \
      --body "$2" --query appId --output tsv; then
      return 0
    fi
    sleep "$pause"
  done
  return 1
}

# The wanted rows of permissions.txt as JSON.
permissions() {
  wanted=" required ${OPTIONAL_PERMISSIONS-groups mailboxes mfa activity secure-score} "
  comma=
  while read -r set permission kind id; do
    case $set in '' | '#'*) continue ;; esac
    case $wanted in *" $set "*) ;; *) continue ;; esac
    say "asks for $permission ($kind)" >&2
    printf '%s{"id":"%s","type":"%s"}' "$comma" "$id" "$kind"
    comma=,
  done <"$here/permissions.txt"
}

if [ "$phase" = before ]; then
  say "$name: permissions and claims"
  client_id=$(upsert "$application" "{
    \"displayName\": \"Tenantry ($AZURE_ENV_NAME)\",
    \"signInAudience\": \"AzureADMultipleOrgs\",
    \"groupMembershipClaims\": \"DirectoryRole\",
    \"optionalClaims\": {\"idToken\": [{\"name\": \"acct\", \"essential\": false}]},
    \"requiredResourceAccess\": [{
      \"resourceAppId\": \"00000003-0000-0000-c000-000000000000\",
      \"resourceAccess\": [$(permissions)]
    }]
  }")
  if [ -z "$client_id" ]; then
    client_id=$(az rest --method get --uri "$application?\$select=appId" --query appId --output tsv)
  fi
  upsert "${graph%/}/v1.0/servicePrincipals(appId='$client_id')" "{\"displayName\": \"Tenantry ($AZURE_ENV_NAME)\"}" >/dev/null
  say "its id is $client_id"
  if command -v azd >/dev/null 2>&1; then
    azd env set ENTRA_CLIENT_ID "$client_id"
  fi
elif [ "$phase" = after ]; then
  say "$name: returns to ${PUBLIC_URL:?the address of the app}/connect/callback"
  upsert "$application" "{
    \"displayName\": \"Tenantry ($AZURE_ENV_NAME)\",
    \"web\": {\"redirectUris\": [\"$PUBLIC_URL/connect/callback\"]}
  }" >/dev/null
  say "$name: trusts the managed identity ${IDENTITY_PRINCIPAL_ID:?the object id of the managed identity}"
  upsert "$application/federatedIdentityCredentials(name='managed-identity')" "{
    \"issuer\": \"${FEDERATION_ISSUER:?who issues its tokens}\",
    \"subject\": \"$IDENTITY_PRINCIPAL_ID\",
    \"audiences\": [\"${ENTRA_EXCHANGE_AUDIENCE:?whom its tokens are made out to}\"]
  }" >/dev/null
else
  say 'usage: app-registration.sh before|after' >&2
  exit 2
fi
