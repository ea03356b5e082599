using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks.Servers;

/// <summary><c>server</c>: what of the memory's speed a parameter server's arithmetic reaches.</summary>
internal static class ServerCommand
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "How often each is measured.", DefaultValueFactory = _ => 9 };
        var millions = new Option<int>("--millions") { Description = "Parameters, in units of 2^20.", DefaultValueFactory = _ => 32 };
        var json = new Option<bool>("--json") { Description = "A list of ratios for programs." };
        var command = new Command("server", "Bytes per second of sum, combine and Adam over those of a memory copy.") { rounds, millions, json };
        command.SetAction(result =>
        {
            var lines = ServerBenchmark.Run(result.GetValue(millions) << 20, result.GetValue(rounds));
            if (result.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(lines, Options));
            else
            {
                foreach (var line in lines)
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.What,-84} {line.Value,6:F3}{(line.Bar is { } bar ? $"   bar {bar}: {(line.Met == true ? "met" : "missed")}" : "")}"));
            }
            return (int)ExitCode.Success;
        });
        return command;
    }
}
