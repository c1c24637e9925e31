"""A contact's fields by their labels."""

from shared.web.marks import marked

LABELS = {
    "name": marked("Name"),
    "email": marked("Email"),
    "first_name": marked("First name"),
    "last_name": marked("Last name"),
    "job_title": marked("Job title"),
    "department": marked("Department"),
    "office": marked("Office"),
    "company": marked("Company"),
    "mobile_phone": marked("Mobile phone"),
    "business_phone": marked("Business phone"),
    "street": marked("Street"),
    "street_2": marked("Street 2"),
    "city": marked("City"),
    "state": marked("State"),
    "postal_code": marked("Postal code"),
    "country": marked("Country"),
    "site": marked("Site"),
    "licence": marked("Licence"),
    "licences": marked("Licences"),
    "mfa_status": marked("MFA status"),
    "mfa_methods": marked("MFA methods"),
    "last_activity": marked("Last activity"),
}
