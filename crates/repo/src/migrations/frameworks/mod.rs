//! The frameworks, one file each. The order decides who claims a file that two could claim.

mod alembic;
mod atlas;
mod chains;
mod columns;
mod db_migrate;
mod dbmate;
mod diesel;
mod django;
mod django_fields;
mod doctrine;
mod drizzle;
mod ecto;
mod ef_core;
mod fluent_migrator;
mod flyway;
mod golang_migrate;
mod goose;
mod javascript;
mod knex;
mod laravel;
mod liquibase;
mod mikro_orm;
mod node_pg_migrate;
mod own_code;
mod phinx;
mod php;
mod plain_sql;
mod prisma;
mod rails;
mod rails_operations;
mod sea_orm;
mod sequelize;
mod sql_files;
mod sqlx;
mod supabase;
mod typeorm;

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
    &rails::FRAMEWORK,
    &laravel::FRAMEWORK,
    &doctrine::FRAMEWORK,
    &phinx::FRAMEWORK,
    &typeorm::FRAMEWORK,
    &mikro_orm::FRAMEWORK,
    &node_pg_migrate::FRAMEWORK,
    &db_migrate::FRAMEWORK,
    &sequelize::FRAMEWORK,
    &knex::FRAMEWORK,
    &ef_core::FRAMEWORK,
    &fluent_migrator::FRAMEWORK,
    &ecto::FRAMEWORK,
    &sea_orm::FRAMEWORK,
    &own_code::FRAMEWORK,
    &plain_sql::FRAMEWORK,
];
