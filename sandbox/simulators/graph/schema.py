"""Which properties the directory objects have, and which of them come without being asked for.

From the Microsoft Graph v1.0 metadata document and the pages of the resources user, group, organization,
subscribedSku, userRegistrationDetails, secureScore and adminReportSettings
(learn.microsoft.com/graph/api/resources).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectType:
    """An entity type: its OData name, its collection, all its properties and how they are read.

    `default` are the properties that come without `$select`, `collections` those that are lists.
    """

    name: str
    collection: str
    properties: frozenset[str]
    default: tuple[str, ...]
    collections: frozenset[str]

    @property
    def type_name(self) -> str:
        return f"microsoft.graph.{self.name}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SIGN_IN_ACTIVITY = "signInActivity"
# Kept outside the directory: they can be read one user at a time only.
SINGLE_USER_PROPERTIES = frozenset(
    _words("""
        aboutMe birthday hireDate interests mySite pastProjects preferredName responsibilities schools skills
        mailboxSettings
    """)
)
_USER_COLLECTIONS = frozenset(
    _words("""
        assignedLicenses assignedPlans businessPhones identities imAddresses interests licenseAssignmentStates
        onPremisesProvisioningErrors otherMails pastProjects provisionedPlans proxyAddresses responsibilities
        schools serviceProvisioningErrors skills
    """)
)
_USER_OTHERS = frozenset(
    _words("""
        id accountEnabled ageGroup authorizationInfo city companyName consentProvidedForMinor country
        createdDateTime creationType customSecurityAttributes deletedDateTime department displayName
        employeeHireDate employeeId employeeLeaveDateTime employeeOrgData employeeType externalUserState
        externalUserStateChangeDateTime faxNumber givenName isManagementRestricted isResourceAccount jobTitle
        lastPasswordChangeDateTime legalAgeGroupClassification mail mailNickname mobilePhone officeLocation
        onPremisesDistinguishedName onPremisesDomainName onPremisesExtensionAttributes onPremisesImmutableId
        onPremisesLastSyncDateTime onPremisesSamAccountName onPremisesSecurityIdentifier
        onPremisesSyncEnabled onPremisesUserPrincipalName passwordPolicies passwordProfile postalCode
        preferredDataLocation preferredLanguage securityIdentifier showInAddressList signInActivity
        signInSessionsValidFromDateTime state streetAddress surname usageLocation userPrincipalName userType
    """)
)
BASIC_USER_PROPERTIES = frozenset(
    _words("id displayName givenName mail securityIdentifier surname userPrincipalName")
)
USER = ObjectType(
    "user",
    "users",
    _USER_COLLECTIONS | SINGLE_USER_PROPERTIES | _USER_OTHERS,
    _words("""
        businessPhones displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage
        surname userPrincipalName id
    """),
    _USER_COLLECTIONS,
)

_GROUP_DEFAULT = _words("""
    id deletedDateTime classification createdDateTime creationOptions description displayName
    expirationDateTime groupTypes isAssignableToRole mail mailEnabled mailNickname membershipRule
    membershipRuleProcessingState onPremisesDomainName onPremisesLastSyncDateTime onPremisesNetBiosName
    onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled preferredDataLocation
    preferredLanguage proxyAddresses renewedDateTime resourceBehaviorOptions resourceProvisioningOptions
    securityEnabled securityIdentifier theme uniqueName visibility onPremisesProvisioningErrors
    serviceProvisioningErrors
""")
_GROUP_COLLECTIONS = frozenset(
    _words("""
        assignedLabels assignedLicenses creationOptions groupTypes infoCatalogs onPremisesProvisioningErrors
        proxyAddresses resourceBehaviorOptions resourceProvisioningOptions serviceProvisioningErrors
    """)
)
GROUP = ObjectType(
    "group",
    "groups",
    _GROUP_COLLECTIONS
    | frozenset(_GROUP_DEFAULT)
    | {"hasMembersWithLicenseErrors", "isManagementRestricted", "licenseProcessingState"},
    _GROUP_DEFAULT,
    _GROUP_COLLECTIONS,
)

_ORGANIZATION = _words("""
    id deletedDateTime businessPhones city country countryLetterCode createdDateTime defaultUsageLocation
    displayName marketingNotificationEmails onPremisesLastSyncDateTime onPremisesSyncEnabled partnerTenantType
    postalCode preferredLanguage securityComplianceNotificationMails securityComplianceNotificationPhones
    state street technicalNotificationMails tenantType privacyProfile assignedPlans provisionedPlans
    verifiedDomains
""")
ORGANIZATION = ObjectType(
    "organization",
    "organization",
    frozenset(_ORGANIZATION),
    _ORGANIZATION,
    frozenset(
        _words("""
            businessPhones marketingNotificationEmails securityComplianceNotificationMails
            securityComplianceNotificationPhones technicalNotificationMails assignedPlans provisionedPlans
            verifiedDomains
        """)
    ),
)

_SUBSCRIBED_SKU = _words("""
    accountName accountId appliesTo capabilityStatus consumedUnits id skuId skuPartNumber subscriptionIds
    prepaidUnits servicePlans
""")
SUBSCRIBED_SKU = ObjectType(
    "subscribedSku",
    "subscribedSkus",
    frozenset(_SUBSCRIBED_SKU),
    _SUBSCRIBED_SKU,
    frozenset({"subscriptionIds", "servicePlans"}),
)

_USER_REGISTRATION_DETAILS = _words("""
    id userPrincipalName userDisplayName userType isAdmin isSsprRegistered isSsprEnabled isSsprCapable
    isMfaRegistered isMfaCapable isPasswordlessCapable methodsRegistered
    isSystemPreferredAuthenticationMethodEnabled systemPreferredAuthenticationMethods
    userPreferredMethodForSecondaryAuthentication lastUpdatedDateTime
""")
USER_REGISTRATION_DETAILS = ObjectType(
    "userRegistrationDetails",
    "reports/authenticationMethods/userRegistrationDetails",
    frozenset(_USER_REGISTRATION_DETAILS),
    _USER_REGISTRATION_DETAILS,
    frozenset({"methodsRegistered", "systemPreferredAuthenticationMethods"}),
)

_SECURE_SCORE = _words("""
    id azureTenantId activeUserCount createdDateTime currentScore enabledServices licensedUserCount maxScore
    averageComparativeScores controlScores vendorInformation
""")
SECURE_SCORE = ObjectType(
    "secureScore",
    "security/secureScores",
    frozenset(_SECURE_SCORE),
    _SECURE_SCORE,
    frozenset({"enabledServices", "averageComparativeScores", "controlScores"}),
)

ADMIN_REPORT_SETTINGS = ObjectType(
    "adminReportSettings",
    "admin/reportSettings",
    frozenset({"displayConcealedNames"}),
    ("displayConcealedNames",),
    frozenset(),
)
