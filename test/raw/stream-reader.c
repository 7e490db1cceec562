/*
 * Reads an MRD stream from standard input into an ISMRMRD file, with the structures and the HDF5 writer of the ISMRMRD
 * library (Debian's libismrmrd-dev 1.8, which has no stream tools of its own). The identifiers and the framing of messages
 * follow ISMRMRD's documentation, "Message Types".
 *
 *     stream-reader OUT.h5 < stream        exit 0: read to the close message, and nothing follows it
 */
#include <ismrmrd/dataset.h>
#include <ismrmrd/ismrmrd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER = 3, CLOSE = 4, ACQUISITION = 1008 };

static void take(void *into, size_t size, const char *what) {
  if (size == 0 || fread(into, size, 1, stdin) == 1) return;
  fprintf(stderr, "the stream ends within %s\n", what);
  exit(1);
}

int main(int argc, char **argv) {
  ISMRMRD_Dataset file;
  if (argc != 2 || ismrmrd_init_dataset(&file, argv[1], "dataset") || ismrmrd_open_dataset(&file, true)) return 2;
  unsigned long acquisitions = 0;
  for (;;) {
    uint16_t id;
    take(&id, sizeof id, "an identifier");
    if (id == CLOSE) break;
    if (id == HEADER) {
      uint32_t length;
      take(&length, sizeof length, "the header's length");
      char *xml = calloc((size_t)length + 1, 1);
      take(xml, length, "the header");
      if (acquisitions > 0 || ismrmrd_write_header(&file, xml)) return 3;
      free(xml);
    } else if (id == ACQUISITION) {
      ISMRMRD_Acquisition one;
      ismrmrd_init_acquisition(&one);
      take(&one.head, sizeof one.head, "an acquisition's head");
      if (ismrmrd_make_consistent_acquisition(&one)) return 4;
      take(one.traj, ismrmrd_size_of_acquisition_traj(&one), "a trajectory");
      take(one.data, ismrmrd_size_of_acquisition_data(&one), "samples");
      if (ismrmrd_append_acquisition(&file, &one)) return 5;
      ismrmrd_cleanup_acquisition(&one);
      acquisitions++;
    } else {
      fprintf(stderr, "message %u is not one of the protocol\n", id);
      return 6;
    }
  }
  if (getchar() != EOF) {
    fprintf(stderr, "something follows the close message\n");
    return 7;
  }
  ismrmrd_close_dataset(&file);
  printf("%lu acquisitions\n", acquisitions);
  return 0;
}
