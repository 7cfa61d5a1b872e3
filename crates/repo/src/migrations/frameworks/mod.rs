//! The frameworks, one file each. The order decides who claims a file that two could claim.

mod alembic;
mod atlas;
mod dbmate;
mod diesel;
mod django;
mod django_fields;
mod drizzle;
mod flyway;
mod golang_migrate;
mod goose;
mod liquibase;
mod plain_sql;
mod prisma;
mod sql_files;
mod sqlx;
mod supabase;

use super::frame::Framework;

/// All frameworks.
pub static ALL: &[&Framework] = &[
    &prisma::FRAMEWORK,
    &drizzle::FRAMEWORK,
    &supabase::FRAMEWORK,
    &goose::FRAMEWORK,
    &dbmate::FRAMEWORK,
    &diesel::FRAMEWORK,
    &flyway::FRAMEWORK,
    &flyway::REFINERY,
    &liquibase::FRAMEWORK,
    &atlas::FRAMEWORK,
    &sqlx::FRAMEWORK,
    &golang_migrate::FRAMEWORK,
    &django::FRAMEWORK,
    &alembic::FRAMEWORK,
    &plain_sql::FRAMEWORK,
];
