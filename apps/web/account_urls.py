"""Addresses of the wallet, the account, the merchant's pages and what the desk publishes."""

from django.urls import path

from apps.web import (
    account,
    accounts_of_mine,
    addresses,
    deposit,
    limits,
    merchant,
    notices,
    payment_accounts,
    people,
    published,
    security,
    wallet,
    withdrawals,
)

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/settings/", account.settings, name="settings"),
    path("account/security/", security.security, name="security"),
    path("account/security/sessions/end", security.end_others, name="sessions_end"),
    path("account/security/sessions/<int:id>/end", security.end_session, name="session_end"),
    path("account/proof/", security.prove, name="proof"),
    path("account/limits/", limits.limits, name="limits"),
    path("account/payment/", accounts_of_mine.accounts, name="payment_accounts"),
    path("account/payment/new/", payment_accounts.new, name="payment_account_new"),
    path(
        "account/payment/<uuid:id>/remove", accounts_of_mine.remove, name="payment_account_remove"
    ),
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/statement/", wallet.statement, name="statement"),
    path("wallet/statement.csv", wallet.statement_csv, name="statement_csv"),
    path("wallet/deposit/", deposit.deposit, name="deposit"),
    path("wallet/withdraw/", withdrawals.withdraw, name="withdraw"),
    path("wallet/withdraw/<uuid:id>/", withdrawals.withdrawal, name="withdrawal"),
    path("wallet/withdraw/<uuid:id>/cancel", withdrawals.cancel, name="withdrawal_cancel"),
    path("wallet/withdraw/<uuid:id>/details", withdrawals.details, name="withdrawal_details"),
    path("wallet/addresses/", addresses.addresses, name="addresses"),
    path("wallet/addresses/new/", addresses.add, name="address_new"),
    path("wallet/addresses/<uuid:id>/remove", addresses.remove, name="address_remove"),
    path("wallet/addresses/<uuid:id>/verify", addresses.verify, name="address_verify"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read", notices.read_all, name="notices_read"),
    path("notices/<uuid:id>/open", notices.open_, name="notice"),
    path("merchant/", merchant.dashboard, name="merchant"),
    path("merchant/tier/", merchant.apply, name="merchant_apply"),
    path("merchant/profile/", merchant.profile, name="merchant_profile"),
    path("merchant/margin", merchant.margin, name="merchant_margin"),
    path("merchant/leave", merchant.leave, name="merchant_leave"),
    path("people/<uuid:id>/", people.person, name="person"),
    path("people/<uuid:id>/relation", people.relate, name="relate"),
    path("people/<uuid:id>/report/", people.report, name="report"),
    path("penalties/", published.penalties, name="penalties"),
    path("fees/", published.fees, name="fees"),
]
