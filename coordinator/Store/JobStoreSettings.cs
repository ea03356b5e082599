using System.Data.Common;
using Akka.Configuration;
using Akka.Persistence.Sql;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Store;

/// <summary>The database behind the job store.</summary>
/// <param name="Provider">As linq2db calls it.</param>
/// <param name="Deadline">How long a database that is down is waited for.</param>
internal sealed record JobStoreSettings(string Provider, string ConnectionString, TimeSpan Deadline)
{
    /// <summary>Named instead of <c>--store</c>, so that a password stands on no command line.</summary>
    public const string Variable = "DISTMTL_STORE";

    private const string Sqlite = "sqlite:";

    private const string PostgreSql = "postgresql:";

    /// <param name="text"><c>sqlite:FILE</c>, or <c>postgresql:</c> and a connection string of Npgsql.</param>
    /// <exception cref="JobException">It is neither.</exception>
    public static JobStoreSettings Parse(string text, TimeSpan deadline)
    {
        if (text.StartsWith(Sqlite, StringComparison.Ordinal) && text.Length > Sqlite.Length)
        {
            var file = Path.GetFullPath(text[Sqlite.Length..]);
            // A misspelt folder would be an empty store, in which no job is known.
            if (!Directory.Exists(Path.GetDirectoryName(file)))
                throw new JobException($"--store: there is no folder {Path.GetDirectoryName(file)}");
            return new JobStoreSettings(LinqToDB.ProviderName.SQLiteMS, $"Data Source={file};Default Timeout=5", deadline);
        }
        if (text.StartsWith(PostgreSql, StringComparison.Ordinal))
            return new JobStoreSettings(LinqToDB.ProviderName.PostgreSQL15, PostgreSqlAt(text[PostgreSql.Length..]), deadline);
        throw new JobException($"--store is '{text}'; it must be sqlite:FILE, or postgresql:Host=…;Database=…;Username=…;Password=…");
    }

    /// <summary>
    /// The journal alone: the store's state is small, and made anew from its events. A write that fails or hangs is tried again
    /// by who asked for it, so the circuit breaker opens early and closes early.
    /// </summary>
    public Config ToConfig() => ConfigurationFactory.ParseString(
        $$"""
        akka.persistence {
          journal {
            plugin = "akka.persistence.journal.sql"
            sql {
              connection-string = {{Quote(ConnectionString)}}
              provider-name = "{{Provider}}"
              recovery-event-timeout = 5 s
              circuit-breaker { max-failures = 3, call-timeout = 5 s, reset-timeout = 1 s }
            }
          }
        }
        """).WithFallback(SqlPersistence.DefaultConfiguration);

    private static string PostgreSqlAt(string connectionString)
    {
        try
        {
            var builder = new Npgsql.NpgsqlConnectionStringBuilder(connectionString) { Timeout = 5, CommandTimeout = 5 };
            return builder.Host is { Length: > 0 } ? builder.ConnectionString : throw new JobException("--store: postgresql: must be followed by Host=…;Database=…;Username=…;Password=…");
        }
        catch (ArgumentException e)
        {
            throw new JobException($"--store: {e.Message}", ExitCode.BadInput, e);
        }
    }

    /// <summary>Whether the database can be reached.</summary>
    /// <returns>Why not; null: it can.</returns>
    public async Task<string?> ProbeAsync()
    {
        try
        {
            await using DbConnection connection = Provider == LinqToDB.ProviderName.SQLiteMS
                ? new Microsoft.Data.Sqlite.SqliteConnection(ConnectionString)
                : new Npgsql.NpgsqlConnection(ConnectionString);
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            // SQLite opens any file.
            command.CommandText = Provider == LinqToDB.ProviderName.SQLiteMS ? "SELECT count(*) FROM sqlite_master" : "SELECT 1";
            await command.ExecuteScalarAsync();
            return null;
        }
        catch (Exception e) when (e is DbException or TimeoutException or IOException or System.Net.Sockets.SocketException)
        {
            return e.Message;
        }
    }

    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
