"""Microsoft's display names for the products that customers really have, keyed by SKU id in lower case.

Source: Microsoft's published table "Product names and service plan identifiers for licensing"; the
tests hold ids and names to it. The spelling is the vendor's, oddities included, so that a name can be
looked up in the vendor's own pages. A product that is missing here is shown by its part number.
"""

from collections.abc import Mapping
from typing import Final

BUSINESS_BASIC: Final[Mapping[str, str]] = {
    "3b555118-da6a-4418-894f-7df1e2096870": "Microsoft 365 Business Basic",
    "dab7782a-93b1-4074-8bb1-0e61318bea0b": "Microsoft 365 Business Basic",
    "21502a13-c8dc-4744-be9c-177fd9d2eafc": "Microsoft 365 Business Basic (no Teams)",
    "b1f3042b-a390-4b56-ab61-b88e7e767a97": "Microsoft 365 Business Basic EEA (no Teams)",
}
APPS_FOR_BUSINESS: Final[Mapping[str, str]] = {
    "cdd28e44-67e3-425e-be4c-737fab2899d3": "Microsoft 365 Apps for Business",
    "b214fe43-f5a3-4703-beeb-fa97188220fc": "Microsoft 365 Apps for Business",
}
BUSINESS_STANDARD: Final[Mapping[str, str]] = {
    "f245ecc8-75af-4f8e-b61f-27d8114de5f3": "Microsoft 365 Business Standard",
    "ac5cef5d-921b-4f97-9ef3-c99076e5470f": "Microsoft 365 Business Standard - Prepaid Legacy",
    "5a1c7b8d-0739-4ca8-bf69-ec87e69133ac": "Microsoft 365 Business Standard (no Teams)",
    "ffa3a2a0-3820-462a-aa81-8a4d741f0cba": "Microsoft 365 Business Standard EEA (no Teams)",
    "c1f79c29-5d7a-4bec-a2c1-1a76774864c0": "Microsoft 365 Business Standard EEA (no Teams)",
}
BUSINESS_PREMIUM: Final[Mapping[str, str]] = {
    "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46": "Microsoft 365 Business Premium",
    "00e1ec7b-e4a3-40d1-9441-b69b597ab222": "Microsoft 365 Business Premium (no Teams)",
    "a3f586b6-8cce-4d9b-99d6-55238397f77a": "Microsoft 365 Business Premium EEA (no Teams)",
    "24c35284-d768-4e53-84d9-b7ae73dddf69": "Microsoft 365 Business Premium Donation",
}

# Nothing is charged for holding one of these. A product in doubt counts as paid: a nonprofit's donated
# Business Premium is not here, because that grant was replaced by a discount.
FREE: Final[Mapping[str, str]] = {
    # Free for everybody, or provisioned at no charge beside something else
    "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235": "Microsoft Fabric (Free)",
    "f30db892-07e9-47e9-837c-80727f46fd3d": "Microsoft Power Automate Free",
    "5b631642-bd26-49fe-bd20-1daaa972ef80": "Microsoft Power Apps for Developer",
    "bf666882-9c9b-4b2e-aa2f-4789b0a52ba2": "PowerApps per app baseline access",
    "4b74a65c-8b4a-4fc8-9f6b-5177ed11ddfa": "Microsoft Copilot Studio User License",
    "1f2f344a-700d-42c9-9427-5cea1d5d7ba6": "Microsoft Stream",
    "710779e8-3d4a-4c88-adb9-386c958d1fdf": "Microsoft Teams Exploratory",
    "6af4b3d6-14bb-4a2a-960c-6c902aad34f3": "Microsoft Teams Rooms Basic",
    "440eaaa8-b3e0-484b-a8be-62870b9ba70a": "Microsoft Teams Phone Resource Account",
    "8c4ce438-32a7-4ac5-91a6-e22ae08d9c8b": "Rights Management Adhoc",
    "6470687e-a428-4b7a-bef2-8a291ad947c9": "Windows Store for Business",
    "8f0c5670-4e56-4892-b06d-91c085d7004f": "App Connect IW",
    "90d8b3f8-712e-4f7b-aa1e-62e7ae6cbe96": "Business Apps (free)",
    "aa2695c9-8d59-4800-9dc8-12e01f1735af": "Nonprofit Portal",
    # Free for schools, and what students get with the licences of their teachers
    "94763226-9b3c-4e75-a931-5c89701abe66": "Office 365 A1 for faculty",
    "314c4481-f395-4525-be8b-2ec4bb1e9d91": "Office 365 A1 for students",
    "18250162-5d87-4436-a834-d795c15c80f3": "Microsoft 365 A3 for students use benefit",
    "31d57bc7-3a05-4867-ab53-97a17835a411": "Microsoft 365 A5 for students use benefit",
    # Trials that a user starts
    "dcb1a3ae-b33f-4487-846a-a640262fadf4": "Microsoft Power Apps Plan 2 Trial",
    "606b54a9-78d8-4298-ad8b-df6ef4481c80": "Microsoft Copilot Studio Viral Trial",
    "3f9f06f5-3c31-472c-985f-62d9c10ec167": "Power Pages vTrial for Makers",
    "bc946dac-7877-4271-b2f7-99d2db13cd2c": "Dynamics 365 Customer Voice Trial",
    "29a2f828-8f39-4837-b8ff-c957e86abe3c": "Microsoft Teams Commercial Cloud",
    "74fbf1bb-47c6-4796-9623-77dc7371723b": "Microsoft Teams Trial",
    "6a4a1628-9b9a-424d-bed5-4118f0ede3fd": "Dynamics 365 Business Central for IWs",
    "338148b6-1b11-4102-afb9-f92b6cdc0f8d": "Dynamics 365 P1 Tria for Information Workers",
    "6ec92958-3cc1-49db-95bd-bc6b3798df71": "Dynamics 365 Sales Premium Viral Trial",
    # The licence is free; what is paid is the calls
    "47794cd0-f0e5-45c5-9033-2eb6b5fc84e0": "Communications Credits",
}

_OTHERS: Final[Mapping[str, str]] = {
    # Microsoft 365 for enterprises and frontline workers
    "05e9a617-0261-4cee-bb44-138d3ef5d965": "Microsoft 365 E3",
    "0c21030a-7e60-4ec7-9a0f-0042e0e0211a": "Microsoft 365 E3 (500 seats min)_HUB",
    "dcf0408c-aaec-446c-afd4-43e3683943ea": "Microsoft 365 E3 (no Teams)",
    "c2fe850d-fbbb-4858-b67d-bd0c6e746da3": "Microsoft 365 E3 EEA (no Teams)",
    "06ebc4ee-1bb5-47dd-8120-11324bc54e06": "Microsoft 365 E5",
    "db684ac5-c0e7-4f92-8284-ef9ebde75d33": "Microsoft 365 E5 (500 seats min)_HUB",
    "18a4bd3f-0b5b-4887-b04f-61dd0ee15f5e": "Microsoft 365 E5 (no Teams)",
    "3271cf8e-2be5-4a09-a549-70fd05baaa17": "Microsoft 365 E5 EEA (no Teams)",
    "cd2925a3-5076-4233-8931-638a8c94f773": "Microsoft 365 E5 without Audio Conferencing",
    "9a18296a-025f-4e37-9ffa-30bf8d1ce775": "Microsoft 365 E7",
    "26124093-3d78-432b-b5dc-48bf992543d5": "Microsoft 365 E5 Security",
    "184efa21-98c3-4e5d-95ab-d07053a96e67": "Microsoft 365 E5 Compliance",
    "50f60901-3181-4b75-8a2c-4c8e4c1d5a72": "Microsoft 365 F1",
    "44575883-256e-4a79-9da4-ebe9acabe2b2": "Microsoft 365 F1",
    "0666269f-b167-4c5b-a76f-fc574f2b1118": "Microsoft 365 F1 EEA (no Teams)",
    "66b55226-6b4f-492c-910c-a3b7a3c9d993": "Microsoft 365 F3",
    "f7ee79a7-7aec-4ca4-9fb9-34d6b930ad87": "Microsoft 365 F3 EEA (no Teams)",
    "67ffe999-d9ca-49e1-9d2c-03fb28aa7a48": "Microsoft 365 F5 Security Add-on",
    "91de26be-adfa-4a3d-989e-9131cc23dda7": "Microsoft 365 F5 Compliance Add-on",
    "32b47245-eb31-44fc-b945-a8b1576c439f": "Microsoft 365 F5 Security + Compliance Add-on",
    "c2273bd0-dff7-4215-9ef5-2c7bcfb06425": "Microsoft 365 Apps for Enterprise",
    # Office 365
    "18181a46-0d4e-45cd-891e-60aabd171b4e": "Office 365 E1",
    "f8ced641-8e17-4dc5-b014-f5a2d53f6ac8": "Office 365 E1 (no Teams)",
    "b57282e3-65bd-4252-9502-c0eae1e5ab7f": "Office 365 E1 EEA (no Teams)",
    "6fd2c87f-b296-42f0-b197-1e91e994b900": "Office 365 E3",
    "46c3a859-c90d-40b3-9551-6178a48d5c18": "Office 365 E3 (no Teams)",
    "d711d25a-a21c-492f-bd19-aae1e8ebaf30": "Office 365 E3 EEA (no Teams)",
    "c7df2760-2c81-4ef7-b578-5b5392b571df": "Office 365 E5",
    "cf50bae9-29e8-4775-b07c-56ee10e3776d": "Office 365 E5 EEA (no Teams)",
    "26d45bd9-adf1-46cd-a9e1-51e9a5524128": "Office 365 E5 Without Audio Conferencing",
    "4b585984-651b-448a-9e53-3b10f069cf7f": "Office 365 F3",
    "d1f0495b-cb7b-4e11-8b85-daee7e7e5664": "Office 365 F3 EEA (no Teams)",
    "99049c9c-6011-4908-bf17-15f496e6519d": "Office 365 Extra File Storage",
    # Government
    "e823ca47-49c4-46b3-b38d-ca11d5abe3d2": "Microsoft 365 G3 GCC",
    "e2be619b-b125-455f-8660-fb503e431a5d": "Microsoft 365 GCC G5",
    "2a914830-d700-444a-b73c-e3f31980d833": "Microsoft 365 F3 GCC",
    "3f4babde-90ec-47c6-995d-d223749065d1": "Office 365 G1 GCC",
    "535a3a29-c5f0-42fe-8215-d3b9e1f38c4a": "Office 365 G3 GCC",
    "8900a2c0-edba-4079-bdf3-b276e293b6a8": "Office 365 G5 GCC",
    "f37d5ebf-4bf1-4aa2-8fa3-50c51059e983": "Exchange Online (Plan 1) for GCC",
    "7be8dc28-4da4-4e6d-b9b9-c60f2806df8a": "Exchange Online (Plan 2) for GCC",
    # Education
    "4b590615-0888-425a-a965-b3bf7789848d": "Microsoft 365 A3 for Faculty",
    "7cfd9a2b-e110-4c39-bf20-c6a3f36a3121": "Microsoft 365 A3 for Students",
    "e97c048c-37a4-45fb-ab50-922fbf07a370": "Microsoft 365 A5 for faculty",
    "46c119d4-0379-4a9d-85e4-97c66d3f909e": "Microsoft 365 A5 for Students",
    "e578b273-6db4-4691-bba0-8d691f4da603": "Office 365 A3 for faculty",
    "98b6e773-24d4-4c0d-a968-6e787a1f8204": "Office 365 A3 for students",
    "a4585165-0533-458a-97e3-c400570268c4": "Office 365 A5 for faculty",
    "ee656612-49fa-43e5-b67e-cb1fdf7699df": "Office 365 A5 for students",
    "b17653a4-2443-4e8c-a550-18249dda78bb": "Microsoft 365 A1",
    # Exchange, SharePoint, OneDrive
    "4b9405b0-7788-4568-add1-99614e613b69": "Exchange Online (Plan 1)",
    "19ec0d23-8335-4cbd-94ac-6050e30712fa": "Exchange Online (Plan 2)",
    "80b2d799-d2ba-4d2a-8842-fb0d0f3a4b82": "Exchange Online Kiosk",
    "ee02fd1b-340e-4a4b-b355-4a514e4c8943": "Exchange Online Archiving for Exchange Online",
    "45a2423b-e884-448d-a831-d9e139c52d2f": "Exchange Online Protection",
    "1fc08a02-8b3d-43b9-831e-f76859e04e1a": "SharePoint Online (Plan 1)",
    "a9732ec9-17d9-494c-a51c-d6b45b384dcb": "SharePoint Online (Plan 2)",
    "e6778190-713e-4e4f-9119-8b8238de25df": "OneDrive for Business (Plan 1)",
    "ed01faf2-1d88-4947-ae91-45ca18703a96": "OneDrive for Business (Plan 2)",
    # Teams
    "3ab6abff-666f-4424-bfb7-f0bc274ec7bc": "Microsoft Teams Essentials (AAD Identity)",
    "fde42873-30b6-436b-b361-21af5a6b84ae": "Microsoft Teams Essentials",
    "7e31c0d9-9551-471d-836f-32ee72be4a01": "Microsoft Teams Enterprise",
    "7e74bd05-2c47-404e-829a-ba95c66fe8e5": "Microsoft Teams EEA",
    "36a0f3b3-adb5-49ea-bf66-762134cf063a": "Microsoft Teams Premium Introductory Pricing",
    "e43b5b99-8dfb-405f-9987-dc307f34bcbd": "Microsoft Teams Phone Standard",
    "ae2343d1-0999-43f6-ae18-d816516f6e78": "Teams Phone with Calling Plan",
    "0dab259f-bf13-4952-b7f8-7db8f131b28d": "Skype for Business PSTN Domestic Calling",
    "d3b4fe1f-9992-4930-8acb-ca6ec609365e": "Skype for Business PSTN Domestic and International Calling",
    "11dee6af-eca8-419f-8061-6864517c1875": "Microsoft 365 Domestic Calling Plan (120 min)",
    "dbd31205-338e-4dec-903d-44402e305e32": "Microsoft Teams Calling Plan pay-as-you-go (country zone 1)",
    "0c266dff-15dd-4b49-8397-2bb16070ed52": "Microsoft 365 Audio Conferencing",
    "1c27243e-fb4d-42b1-ae8c-fe25c9616588": "Microsoft Teams Audio Conferencing with dial-out to USA/CAN",
    "4cde982a-ede4-4409-9ae6-b003453c8ea6": "Microsoft Teams Rooms Pro",
    "6070a4c8-34c6-4937-8dfb-39bbc6397a60": "Microsoft Teams Rooms Standard",
    "295a8eb0-f78d-45c7-8b5b-1eed5ed02dff": "Microsoft Teams Shared Devices",
    # Copilot
    "639dec6b-bb19-468b-871c-c5c441c4b0cb": "Microsoft Copilot for Microsoft 365",
    "a809996b-059e-42e2-9866-db24b99a9782": "Microsoft Copilot for Microsoft 365",
    "15f2e9fc-b782-4f73-bf51-81d8b7fff6f4": "Microsoft 365 Copilot for Sales",
    "75564b9c-51e8-431c-b8fe-d472d5a545c8": "Microsoft Copilot Studio",
    # Identity, devices, security
    "078d2b04-f1bd-4111-bbd4-b4b1b354cef4": "Microsoft Entra ID P1",
    "84a661c4-e949-4bd2-a560-ed7766fcaf2b": "Microsoft Entra ID P2",
    "cf6b0d46-4093-4546-a0ab-0b1546dcc10e": "Microsoft Entra ID Governance",
    "2ef3064c-c95c-426c-96dd-9ffeaa2f2c37": "Microsoft Entra Suite Add-on for Microsoft Entra ID P2",
    "efccb6f7-5641-4e0e-bd10-b4976e1bf68e": "Enterprise Mobility + Security E3",
    "b05e124f-c7cc-45a0-a6aa-8cf78c946968": "Enterprise Mobility + Security E5",
    "061f9ace-7d42-4136-88ac-31dc755f143f": "Intune",
    "2b317a4a-77a6-4188-9437-b68a77b4e2c6": "Microsoft Intune Device",
    "e6025b08-2fa5-4313-bd0a-7e5ffca32958": "Microsoft Intune SMB",
    "a929cd4d-8672-47c9-8664-159c1f322ba8": "Microsoft Intune Suite",
    "5e1e7702-a2b7-4360-8d07-2f515792896f": "Microsoft Defender for Business",
    "16a55f2f-ff35-4cd5-9146-fb784e3761a5": "Microsoft Defender for Endpoint P1",
    "111046dd-295b-4d6d-9724-d52ac90bd1f2": "Microsoft Defender for Endpoint",
    "509e8ab6-0274-4cda-bcbd-bd164fd562c4": "Microsoft Defender for Endpoint Server",
    "98defdf7-f6c1-44f5-a1f6-943b6764e7a5": "Microsoft Defender for Identity",
    "4ef96642-f096-40de-a3e9-d83fb2f90211": "Microsoft Defender for Office 365 (Plan 1)",
    "3dd6cf57-d688-4eed-ba52-9e40b5468c3e": "Microsoft Defender for Office 365 (Plan 2)",
    "df845ce7-05f9-4894-b5f2-11bbfbcfd2b6": "Microsoft Cloud App Security",
    "c52ea49f-fe5d-4e95-93ba-1de91d380f89": "Azure Information Protection Plan 1",
    # Power Platform
    "f8a1db68-be16-40ed-86d5-cb42ce701560": "Power BI Pro",
    "c1d032e0-5619-4761-9b5c-75b6831e1711": "Power BI Premium Per User",
    "b30411f5-fea1-4a59-9ad9-3db7c7ead579": "Power Apps Premium",
    "a8ad7d2b-b8cf-49d6-b25a-69094a0be206": "Power Apps per app plan",
    "b4d7b828-e8dc-4518-91f9-e123ae48440d": "Power Apps per app plan (1 app or portal)",
    "4a51bf65-409c-4a91-b845-1121b571cc9d": "Power Automate per user plan",
    "eda1941c-3c4f-4995-b5eb-e85a42175ab9": "Power Automate Premium",
    # Visio, Planner, Project
    "4b244418-9658-4451-a2b8-b5e2b364e9bd": "Visio Plan 1",
    "c5928f49-12ba-48f7-ada3-0d743a3601d5": "Visio Plan 2",
    "beb6439c-caad-48d3-bf46-0c82871e12be": "Planner Plan 1",
    "53818b1b-4a27-454b-8896-0dba576410e6": "Planner and Project Plan 3",
    "09015f9f-377f-4538-bbb5-f75ceb09358a": "Project Online Premium",
    # Windows
    "cb10e6cd-9da4-4992-867b-67546b1db821": "Windows 10/11 Enterprise E3",
    "6a0f6da5-0b87-4190-a6ae-9bb5a2b9546a": "Windows 10/11 Enterprise E3",
    "488ba24a-39a9-4473-8ee5-19291e71b002": "Windows 10/11 Enterprise E5",
    "135bee78-485b-4181-ad6e-40286e311850": "Windows 365 Business 2 vCPU 4 GB 128 GB",
    "71f21848-f89b-4aaa-a2dc-780c8e8aac5b": "Windows 365 Business 2 vCPU 8 GB 128 GB",
    "ad83ac17-4a5a-4ebb-adb2-079fb277e8b9": "Windows 365 Business 4 vCPU 16 GB 128 GB",
    "226ca751-f0a4-4232-9be5-73c02a92555e": "Windows 365 Enterprise 2 vCPU 4 GB 128 GB",
    "e2aebe6c-897d-480f-9d62-fff1381581f7": "Windows 365 Enterprise 2 vCPU 8 GB 128 GB",
    "d201f153-d3b2-4057-be2f-fe25c8983e6f": "Windows 365 Enterprise 4 vCPU 16 GB 128 GB",
    # Dynamics 365
    "2880026b-2b0c-4251-8656-5d41ff11e3aa": "Dynamics 365 Business Central Essentials",
    "f991cecc-3f91-4cd0-a9a8-bf1c8167e029": "Dynamics 365 Business Central Premium",
    "2e3c4023-80f6-4711-aa5d-29e0ecb46835": "Dynamics 365 Business Central Team Members",
    "be9f9771-1c64-4618-9907-244325141096": "Dynamics 365 For Sales Professional",
    "1e1a282c-9c54-43a2-9310-98ef728faace": "Dynamics 365 for Sales Enterprise Edition",
    "7ac9fe77-66b7-4e5e-9e46-10eed1cff547": "Dynamics 365 Team Members",
}

PRODUCT_NAMES: Final[Mapping[str, str]] = {
    **BUSINESS_BASIC,
    **APPS_FOR_BUSINESS,
    **BUSINESS_STANDARD,
    **BUSINESS_PREMIUM,
    **FREE,
    **_OTHERS,
}
